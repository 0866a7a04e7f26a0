use crate::{Database, Mailer, RateLimiter, Storage};

/// What a suite may be opened with: an adapter of that contract, or none where
/// there is no server to test against.
pub trait Opened<Contract: ?Sized> {
    /// The adapter.
    type Adapter;

    /// The adapter, if there is one.
    fn opened(self) -> Option<Self::Adapter>;
}

macro_rules! opened {
    ($contract:ident) => {
        impl<T: $contract> Opened<dyn $contract> for T {
            type Adapter = T;

            fn opened(self) -> Option<T> {
                Some(self)
            }
        }

        impl<T: $contract> Opened<dyn $contract> for Option<T> {
            type Adapter = T;

            fn opened(self) -> Option<T> {
                self
            }
        }
    };
}

opened!(Database);
opened!(Mailer);
opened!(RateLimiter);
opened!(Storage);

/// Makes one test of each case.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance {
    ($contract:ident, $suite:ident, $open:expr, $close:expr, [$($case:ident)*]) => {
        $(
            #[tokio::test]
            async fn $case() {
                let opened = $open.await;
                let opened = $crate::testkit::Opened::<dyn $crate::$contract>::opened(opened);
                if let Some(adapter) = opened {
                    $crate::testkit::$suite::$case(&adapter).await;
                    $close(adapter).await;
                }
            }
        )*
    };
}
