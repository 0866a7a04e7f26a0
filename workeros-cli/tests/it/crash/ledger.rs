/// What a write did to one item, as the client or the log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) writer: i64,
    pub(crate) action: Action,
    /// The item, by a number of the client's own.
    pub(crate) serial: i64,
    /// What the item holds then, or held last. No write repeats a value.
    pub(crate) value: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Update,
    Delete,
}

/// What one client knows of its writes, in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    acknowledged: Vec<Effect>,
    in_doubt: Vec<Effect>,
}

/// What became of the write that was in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// There was none.
    Certain,
    Done,
    Undone,
}

impl Ledger {
    pub(crate) fn acknowledge(&mut self, effect: Effect) {
        self.acknowledged.push(effect);
    }

    /// A write is about to be sent.
    pub(crate) fn send(&mut self, effects: Vec<Effect>) {
        assert!(self.in_doubt.is_empty(), "one write at a time");
        self.in_doubt = effects;
    }

    /// The write that was sent has been answered.
    pub(crate) fn answered(&mut self) {
        self.acknowledged.append(&mut self.in_doubt);
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// Compares with what the log holds of this client since the ledger was
    /// begun: everything acknowledged once and in order, then what was in
    /// doubt as a whole or not at all, and nothing else.
    pub(crate) fn settle(&self, log: &[&Effect]) -> Result<Settled, String> {
        let Some((kept, rest)) = log.split_at_checked(self.acknowledged.len()) else {
            let lost = &self.acknowledged[log.len()];
            return Err(format!("{lost:?} was acknowledged and is lost"));
        };
        for (acknowledged, logged) in self.acknowledged.iter().zip(kept) {
            if acknowledged != *logged {
                return Err(format!(
                    "{acknowledged:?} was acknowledged, but {logged:?} is there"
                ));
            }
        }
        match (rest, self.in_doubt.as_slice()) {
            ([], []) => Ok(Settled::Certain),
            ([], _) => Ok(Settled::Undone),
            (rest, in_doubt) if rest.iter().copied().eq(in_doubt) => Ok(Settled::Done),
            (rest, in_doubt) => Err(format!("{in_doubt:?} was sent, but {rest:?} is there")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Effect, Ledger, Settled};

    fn effect(serial: i64) -> Effect {
        Effect {
            writer: 1,
            action: Action::Create,
            serial,
            value: serial * 10,
        }
    }

    /// Two acknowledged writes, and a batch of two in doubt.
    fn ledger() -> Ledger {
        Ledger {
            acknowledged: vec![effect(1), effect(2)],
            in_doubt: vec![effect(3), effect(4)],
        }
    }

    fn settle(ledger: &Ledger, serials: &[i64]) -> Result<Settled, String> {
        let log: Vec<Effect> = serials.iter().copied().map(effect).collect();
        ledger.settle(&log.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_is_in_doubt_is_done_or_not() {
        assert_eq!(settle(&ledger(), &[1, 2]), Ok(Settled::Undone));
        assert_eq!(settle(&ledger(), &[1, 2, 3, 4]), Ok(Settled::Done));
        assert_eq!(settle(&Ledger::default(), &[]), Ok(Settled::Certain));
    }

    #[test]
    fn a_loss_is_noticed() {
        settle(&ledger(), &[]).unwrap_err();
        settle(&ledger(), &[1]).unwrap_err();
        settle(&ledger(), &[2, 3, 4]).unwrap_err();
        settle(&ledger(), &[1, 3, 4]).unwrap_err();
    }

    #[test]
    fn a_half_is_noticed() {
        settle(&ledger(), &[1, 2, 3]).unwrap_err();
        settle(&ledger(), &[1, 2, 4]).unwrap_err();
    }

    #[test]
    fn what_nobody_wrote_is_noticed() {
        settle(&ledger(), &[1, 2, 3, 4, 5]).unwrap_err();
        settle(&ledger(), &[1, 2, 2]).unwrap_err();
        settle(&ledger(), &[1, 1, 2]).unwrap_err();
        let mut doctored = ledger();
        doctored.acknowledged.pop();
        settle(&doctored, &[1, 2, 3, 4]).unwrap_err();
    }

    #[test]
    fn another_order_and_another_value_are_noticed() {
        settle(&ledger(), &[2, 1]).unwrap_err();
        settle(&ledger(), &[1, 2, 4, 3]).unwrap_err();
        let other = Effect {
            value: 11,
            ..effect(1)
        };
        ledger().settle(&[&other, &effect(2)]).unwrap_err();
    }
}
