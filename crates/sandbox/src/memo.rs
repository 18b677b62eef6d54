//! What a pure function has answered lately, because books are lived anew from their first day at every question, and
//! questions come in rows about the same day.
//!
//! What always holds: an answer that is kept is the one that would be worked out; nothing is kept beyond the process.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// So many answers are kept, the latest asked for first to last.
const KEPT: usize = 64;

/// The answers of one function.
pub(crate) struct Memo<K, V>(Mutex<VecDeque<(K, V)>>);

impl<K: PartialEq, V: Clone> Memo<K, V> {
    /// None yet.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    /// The answer to a question; it is worked out where it has not been lately.
    pub(crate) fn get(&self, question: K, work_out: impl FnOnce() -> V) -> V {
        let known = || {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let place = kept.iter().position(|(known, _)| *known == question)?;
            let answer = kept.remove(place)?;
            let value = answer.1.clone();
            kept.push_back(answer);
            Some(value)
        };
        if let Some(value) = known() {
            return value;
        }
        // Others may ask meanwhile, for another answer or for the same.
        let value = work_out();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((question, value.clone()));
        value
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn an_answer_is_worked_out_once_and_the_oldest_are_forgotten() {
        let memo = Memo::new();
        let worked_out = Cell::new(0);
        let ask = |question: usize| {
            memo.get(question, || {
                worked_out.set(worked_out.get() + 1);
                question * 2
            })
        };
        for question in 0..KEPT {
            assert_eq!(ask(question), question * 2);
        }
        assert_eq!((ask(0), worked_out.get()), (0, KEPT));
        ask(KEPT);
        assert_eq!((ask(0), worked_out.get()), (0, KEPT + 1), "it was asked for later than others");
        assert_eq!((ask(1), worked_out.get()), (2, KEPT + 2));
    }
}
