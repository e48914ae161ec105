//! Which topics the host wants: patterns as a tree of words, so that a topic finds those that match it.

use std::collections::HashMap;

use crate::protocol::subject;

/// The host's subscriptions.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    patterns_by_handle: HashMap<u64, String>,
    subscriptions_by_pattern: HashMap<String, Subscription>,
    tree: Branch,
}

#[derive(Debug)]
struct Subscription {
    number: u64,
    handles: usize,
}

impl Topics {
    /// Whether the pattern is wanted already; then `add` takes no new number.
    pub(crate) fn has(&self, pattern: &str) -> bool {
        self.subscriptions_by_pattern.contains_key(pattern)
    }

    /// `number` is the broker's for the pattern, if it is new.
    pub(crate) fn add(&mut self, handle: u64, pattern: &str, number: u64) {
        self.patterns_by_handle.insert(handle, pattern.to_owned());
        let subscription = self.subscriptions_by_pattern.entry(pattern.to_owned());
        let subscription = subscription.or_insert(Subscription { number, handles: 0 });
        subscription.handles += 1;
        let number = subscription.number;
        *self.tree.place(pattern) = Some(number);
    }

    /// The number that nobody wants any more, if this was the last handle of it. Err: no such handle.
    pub(crate) fn remove(&mut self, handle: u64) -> Result<Option<u64>, ()> {
        let pattern = self.patterns_by_handle.remove(&handle).ok_or(())?;
        let subscription = self.subscriptions_by_pattern.get_mut(&pattern).ok_or(())?;
        subscription.handles -= 1;
        if subscription.handles > 0 {
            return Ok(None);
        }
        let number = subscription.number;
        self.subscriptions_by_pattern.remove(&pattern);
        self.tree.remove(&words(&pattern));
        Ok(Some(number))
    }

    /// The oldest subscription that matches. A message comes once for each that does; the host gets it once.
    pub(crate) fn first_match(&self, topic: &str) -> Option<u64> {
        self.tree.first_match(&words(topic))
    }
}

fn words(topic: &str) -> Vec<&str> {
    topic.split('.').collect()
}

/// Patterns that begin alike.
#[derive(Debug, Default)]
struct Branch {
    by_word: HashMap<String, Self>,
    /// Behind `*`.
    any_word: Option<Box<Self>>,
    /// The pattern that goes on with `>`.
    any_rest: Option<u64>,
    /// The pattern that ends here.
    end: Option<u64>,
}

impl Branch {
    fn place(&mut self, pattern: &str) -> &mut Option<u64> {
        let mut branch = self;
        for word in pattern.split('.') {
            match word {
                ">" => return &mut branch.any_rest,
                "*" => branch = branch.any_word.get_or_insert_default(),
                _ => branch = branch.by_word.entry(word.to_owned()).or_default(),
            }
        }
        &mut branch.end
    }

    fn remove(&mut self, pattern: &[&str]) {
        match pattern {
            [] => self.end = None,
            [">"] => self.any_rest = None,
            ["*", rest @ ..] => {
                if let Some(branch) = &mut self.any_word {
                    branch.remove(rest);
                    if branch.is_empty() {
                        self.any_word = None;
                    }
                }
            }
            [word, rest @ ..] => {
                if let Some(branch) = self.by_word.get_mut(*word) {
                    branch.remove(rest);
                    if branch.is_empty() {
                        self.by_word.remove(*word);
                    }
                }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.by_word.is_empty() && self.any_word.is_none() && self.any_rest.is_none() && self.end.is_none()
    }

    fn first_match(&self, topic: &[&str]) -> Option<u64> {
        let [word, rest @ ..] = topic else { return self.end };
        let behind_word = self.by_word.get(*word).and_then(|branch| branch.first_match(rest));
        let behind_any = self.any_word.as_ref().and_then(|branch| branch.first_match(rest));
        [behind_word, behind_any, self.any_rest].into_iter().flatten().min()
    }
}

/// Whether the topic, as it came from a broker, is one.
pub(crate) fn is_sound(topic: &str) -> bool {
    subject::is_topic(topic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule itself, word by word.
    fn matches(pattern: &[&str], topic: &[&str]) -> bool {
        match (pattern, topic) {
            ([], []) => true,
            ([">"], [_, ..]) => true,
            (["*", pattern @ ..], [_, topic @ ..]) => matches(pattern, topic),
            ([one, pattern @ ..], [other, topic @ ..]) => one == other && matches(pattern, topic),
            _ => false,
        }
    }

    #[test]
    fn the_oldest_match_counts_until_its_last_handle_goes() {
        let mut topics = Topics::default();
        topics.add(1, "zone.>", 10);
        topics.add(2, "zone.*.x", 11);
        topics.add(3, "zone.>", 99);
        assert_eq!(topics.first_match("zone.7.x"), Some(10));
        assert_eq!(topics.first_match("zone"), None);
        assert_eq!(topics.remove(1), Ok(None));
        assert_eq!(topics.first_match("zone.7.x"), Some(10));
        assert_eq!(topics.remove(3), Ok(Some(10)));
        assert_eq!(topics.first_match("zone.7.x"), Some(11));
        assert_eq!(topics.first_match("zone.7.y"), None);
        assert_eq!(topics.remove(3), Err(()));
        assert_eq!(topics.remove(2), Ok(Some(11)));
        assert!(topics.tree.is_empty() && !topics.has("zone.*.x"));
    }

    proptest! {
        #[test]
        fn finds_what_the_rule_says(
            patterns in proptest::collection::vec("([ab*]\\.){0,3}[ab*>]", 1..12),
            removed in proptest::collection::vec(any::<bool>(), 12),
            topic in "([ab]\\.){0,3}[ab]",
        ) {
            let mut topics = Topics::default();
            for (number, pattern) in patterns.iter().enumerate() {
                topics.add(number as u64, pattern, number as u64);
            }
            for number in (0..patterns.len()).filter(|&number| removed[number]) {
                prop_assert!(topics.remove(number as u64).is_ok());
            }
            // A pattern keeps the number of the handle that brought it.
            let expected = (0..patterns.len())
                .filter(|&number| !removed[number] && matches(&words(&patterns[number]), &words(&topic)))
                .filter_map(|number| patterns.iter().position(|pattern| *pattern == patterns[number]))
                .min();
            prop_assert_eq!(topics.first_match(&topic), expected.map(|number| number as u64));
        }
    }
}
