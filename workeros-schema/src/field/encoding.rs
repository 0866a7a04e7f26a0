use sea_query::{Alias, CaseStatement, Expr, ExprTrait, Func};
use workeros_dsl::sql::ordered;
use workeros_dsl::{Dialect, Type};

/// How a column holds the values of its field.
///
/// Managed columns are [native](Self::Native). The columns of an adopted table
/// are what they are: the encoding gives the expression that reads one in the
/// form the language compares, and the one that writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// As the field's type says.
    #[default]
    Native,
    /// Text of an adopted table, whatever its collation.
    Text,
    /// Postgres: what compares in a way of its own (`citext`, `char(n)`, an
    /// enumeration, a collation that tells not everything apart), read as
    /// plain text.
    CastText,
    /// A number of another SQL type, such as `numeric`, or one that may be none,
    /// such as the `NaN` of Postgres.
    Number,
    /// SQLite: a date or time in any form SQLite reads, at millisecond
    /// precision.
    SqliteDateTime,
    /// Postgres: `timestamp` without a time zone, meant as UTC.
    TimestampWithoutZone,
    /// Postgres: `date`, meant as midnight UTC.
    Date,
    /// Postgres: `json`, which unlike `jsonb` has no equality.
    JsonText,
}

impl Encoding {
    /// Every encoding with the word it is stored by.
    const WORDS: [(Self, &'static str); 8] = [
        (Self::Native, "native"),
        (Self::Text, "text"),
        (Self::CastText, "cast_text"),
        (Self::Number, "number"),
        (Self::SqliteDateTime, "sqlite_date_time"),
        (Self::TimestampWithoutZone, "timestamp_without_zone"),
        (Self::Date, "date"),
        (Self::JsonText, "json_text"),
    ];

    /// The word it is stored by.
    pub(crate) fn as_str(self) -> &'static str {
        let word = Self::WORDS.iter().find(|(encoding, _)| *encoding == self);
        word.map_or("native", |(_, word)| word)
    }

    /// The encoding of that word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(encoding, _)| *encoding)
    }

    /// Reads the column in the form the language compares.
    pub(crate) fn read(self, column: Expr) -> Expr {
        match self {
            Self::Native | Self::Text => column,
            Self::CastText => {
                let text = column.cast_as(Alias::new("text"));
                ordered(text, Type::Text, Dialect::Postgres)
            }
            // What is no finite number is null to the language. It is found out
            // before the cast, which could fail.
            Self::Number => {
                let finite = column.clone().between(
                    Expr::cust("-1.7976931348623157e308"),
                    Expr::cust("1.7976931348623157e308"),
                );
                let number = column.cast_as(Alias::new("double precision"));
                CaseStatement::new().case(finite, number).into()
            }
            Self::SqliteDateTime => Func::cust("strftime")
                .arg(Expr::cust("'%Y-%m-%dT%H:%M:%f000Z'"))
                .arg(column)
                .into(),
            Self::TimestampWithoutZone | Self::Date => Func::cust("timezone")
                .arg(Expr::cust("'UTC'"))
                .arg(column.cast_as(Alias::new("timestamp")))
                .into(),
            Self::JsonText => column.cast_as(Alias::new("jsonb")),
        }
    }

    /// Whether the parameter that writes the column must be converted, and how.
    pub(crate) fn write(self, parameter: Expr) -> Expr {
        match self {
            Self::Native | Self::Text | Self::CastText | Self::Number | Self::SqliteDateTime => {
                parameter
            }
            Self::TimestampWithoutZone | Self::Date => {
                let utc = Func::cust("timezone")
                    .arg(Expr::cust("'UTC'"))
                    .arg(parameter);
                let utc: Expr = utc.into();
                if self == Self::Date {
                    utc.cast_as(Alias::new("date"))
                } else {
                    utc
                }
            }
            Self::JsonText => parameter.cast_as(Alias::new("json")),
        }
    }

    /// Whether an index on the column serves a comparison by the language.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Native)
    }
}
