//! Requests that have not ended yet, and the questions to other servers that they wait for.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::wire::Offered;

/// The most requests at a time.
pub(crate) const MOST_REQUESTS: usize = 65_536;
/// The most answers that one question gathers.
pub(crate) const MOST_ANSWERS: usize = 1_024;
/// The most questions that were given up and whose late answers are still understood.
const MOST_ABANDONED: usize = 4_096;

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) stage: Stage,
    /// The question it waits for.
    question: Option<u64>,
    deadline: Option<u64>,
    /// What to have made if there is no room: kind and data.
    pub(crate) create: Option<(String, String)>,
    /// Somebody has not answered in time.
    pub(crate) timed_out: bool,
}

impl Request {
    pub(crate) fn waits_for_others(&self) -> bool {
        self.question.is_some()
    }
}

/// Where a room or an offer is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    Here,
    At(String),
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// Who has rooms of the kind? Until `gathered` answers are taken without haste, until `ends` a first one.
    Rooms { kind: String, found: Vec<(Place, Offered)>, answered: bool, gathered: u64, ends: u64 },
    /// One of them is asked for a place; the others follow, the best one last.
    Keeping { others: Vec<(Place, Offered)> },
    /// Who would open a room?
    Offers { found: Vec<(Place, f64)>, answered: bool, gathered: u64, ends: u64 },
    /// One of them is asked; the others follow, the best one last.
    Creating { others: Vec<(Place, f64)> },
    /// A player's server is asked.
    Player { name: String },
}

#[derive(Debug, Default)]
pub(crate) struct Requests {
    open: HashMap<u64, Request>,
    deadlines: BTreeSet<(u64, u64)>,
    last_question: u64,
    requests_by_question: HashMap<u64, u64>,
    abandoned: VecDeque<u64>,
}

impl Requests {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<_> = self.open.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    pub(crate) fn begin(&mut self, number: u64, stage: Stage, create: Option<(String, String)>) {
        let request = Request { stage, question: None, deadline: None, create, timed_out: false };
        self.open.insert(number, request);
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Request> {
        self.open.get_mut(&number)
    }

    /// It goes on with a new stage; what it waited for is settled.
    pub(crate) fn enter(&mut self, number: u64, stage: Stage) {
        self.settle(number);
        if let Some(request) = self.open.get_mut(&number) {
            request.stage = stage;
        }
    }

    /// A new question's number; whoever waits for it waits until `deadline`.
    pub(crate) fn ask(&mut self, number: u64, deadline: u64) -> u64 {
        self.last_question += 1;
        self.requests_by_question.insert(self.last_question, number);
        if let Some(request) = self.open.get_mut(&number) {
            request.question = Some(self.last_question);
        }
        self.set_deadline(number, Some(deadline));
        self.last_question
    }

    pub(crate) fn set_deadline(&mut self, number: u64, deadline: Option<u64>) {
        let Some(request) = self.open.get_mut(&number) else { return };
        if let Some(before) = request.deadline {
            self.deadlines.remove(&(before, number));
        }
        request.deadline = deadline;
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, number));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.deadlines.first().map(|&(deadline, _)| deadline)
    }

    /// A request whose time is over.
    pub(crate) fn overdue(&self, now: u64) -> Option<u64> {
        self.deadlines.first().filter(|&&(deadline, _)| deadline <= now).map(|&(_, number)| number)
    }

    /// The request that waits for the answer.
    pub(crate) fn asker_of(&self, question: u64) -> Option<u64> {
        self.requests_by_question.get(&question).copied()
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn was_abandoned(&self, question: u64) -> bool {
        self.abandoned.contains(&question)
    }

    pub(crate) fn end(&mut self, number: u64) -> Option<Request> {
        self.settle(number);
        self.open.remove(&number)
    }

    /// The question was not answered, and no answer is waited for.
    pub(crate) fn abandon(&mut self, number: u64) {
        if let Some(question) = self.open.get(&number).and_then(|request| request.question) {
            if self.abandoned.len() == MOST_ABANDONED {
                self.abandoned.pop_front();
            }
            self.abandoned.push_back(question);
        }
        self.settle(number);
    }

    fn settle(&mut self, number: u64) {
        self.set_deadline(number, None);
        let question = self.open.get_mut(&number).and_then(|request| request.question.take());
        if let Some(question) = question {
            self.requests_by_question.remove(&question);
        }
    }
}
