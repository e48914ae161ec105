use super::*;

const MIB: u64 = 1 << 20;
const LIMIT: u64 = 64 * MIB;

fn limited(backlog: &'static Backlog) -> &'static Backlog {
    backlog.set_limit(LIMIT);
    backlog
}

fn holding(backlog: &'static Backlog, memory: u64) -> Share {
    let mut share = Share::default();
    share.set(backlog, memory);
    share
}

fn permitted(backlog: &Backlog, share: &Share, missing: u64) -> u64 {
    backlog.permits(share, || missing, 0)
}

#[test]
fn near_the_limit_those_go_on_that_hold_little() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let many: Vec<Share> = (0..12).map(|_| holding(backlog, 4 * MIB)).collect();
    let (large, small) = (holding(backlog, MIB), holding(backlog, 100));
    assert_eq!(permitted(backlog, &large, 1), 0);
    assert_eq!(permitted(backlog, &small, 1), LITTLE);
    drop(many);
    assert_eq!(permitted(backlog, &large, 1), u64::MAX);
}

#[test]
fn little_is_less_than_16_kib() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let _most = holding(backlog, LIMIT / 4 * 3);
    assert_eq!(permitted(backlog, &holding(backlog, (16 << 10) - 1), 1), 16 << 10);
    assert_eq!(permitted(backlog, &holding(backlog, 16 << 10), 1), 0);
}

#[test]
fn nobody_goes_on_while_events_alone_reach_the_limit() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let mut share = holding(backlog, 100);
    assert!(backlog.reserve(&mut share, 50));
    for (events, permitted) in [(LIMIT - 1, 50), (LIMIT, 0)] {
        assert_eq!(backlog.awaits_collection(events), permitted == 0);
        assert_eq!(backlog.permits(&share, || 50, events), permitted);
    }
}

#[test]
fn what_is_missing_is_set_aside_as_far_as_there_is_room_and_for_one_beyond() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let mut begun: Vec<Share> = (0..48).map(|_| holding(backlog, MIB)).collect();
    let granted = begun.iter_mut().filter_map(|share| backlog.reserve(share, 3 * MIB).then_some(()));
    // 48 MiB and twice 3 MiB are within seven eighths of the limit.
    assert_eq!(granted.count(), 2 + 1);
    assert_eq!(permitted(backlog, &begun[0], 3 * MIB), 3 * MIB);
    assert_eq!(permitted(backlog, &begun[3], 3 * MIB), 0);
    // The one beyond has gone: there is room for one more, and one beyond again.
    begun.remove(2);
    assert!(backlog.reserve(&mut begun[5], 3 * MIB));
    assert!(backlog.reserve(&mut begun[6], 3 * MIB));
    assert!(!backlog.reserve(&mut begun[7], 3 * MIB));
}

#[test]
fn one_is_let_in_however_small_the_limit() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    backlog.set_limit(1);
    let mut first = holding(backlog, 100);
    let second = holding(backlog, 100);
    assert_eq!(backlog.permits(&first, || 50, 0), 0);
    assert!(backlog.reserve(&mut first, 50));
    assert_eq!(backlog.permits(&first, || 50, 0), 50);
    assert_eq!(backlog.permits(&second, || 50, 0), 0);
    // Its event has to be collected before anything else.
    first.give_back();
    assert_eq!(backlog.permits(&first, || 0, 146), 0);
    drop(second);
    assert_eq!(backlog.permits(&first, || 0, 0), u64::MAX);
}

#[test]
fn a_message_that_turns_out_larger_waits_for_room_for_the_rest() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let full = holding(backlog, LIMIT);
    let mut share = Share::default();
    // Before its header has come, nothing is known of it.
    assert!(backlog.reserve(&mut share, 0));
    assert_eq!(permitted(backlog, &share, 12), 1);
    assert!(share.is_reserved());
    backlog.came(&mut share, 1);
    assert!(!share.is_reserved());
    share.set(backlog, 1);
    assert_eq!(permitted(backlog, &share, 4 * MIB), 0);
    assert!(backlog.reserve(&mut share, 11));
    backlog.came(&mut share, 11);
    share.set(backlog, 12);
    assert_eq!(permitted(backlog, &share, 4 * MIB), 0);
    assert_eq!(backlog.unfinished.load(Relaxed), LIMIT + 12);
    // What is known is granted whole, however it comes.
    assert!(backlog.reserve(&mut share, 4 * MIB));
    backlog.came(&mut share, MIB as usize);
    share.set(backlog, 2 * MIB);
    assert_eq!(permitted(backlog, &share, 3 * MIB), 3 * MIB);
    drop(full);
}

#[test]
fn what_is_set_aside_lasts_until_the_message_is_larger() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let mut share = holding(backlog, MIB);
    assert!(backlog.reserve(&mut share, 3 * MIB));
    let _others = holding(backlog, LIMIT);
    // Memory is there for the whole message before all of it has come.
    backlog.came(&mut share, MIB as usize);
    share.set(backlog, 4 * MIB);
    assert_eq!(permitted(backlog, &share, 2 * MIB), 2 * MIB);
    share.set(backlog, 5 * MIB);
    assert_eq!(permitted(backlog, &share, 2 * MIB), 0);
    assert_eq!(backlog.unfinished.load(Relaxed), LIMIT + 5 * MIB);
}

#[test]
fn what_a_message_takes_may_shrink_to_nothing_and_grow_again() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let mut share = Share::default();
    for memory in [100, 0, 1, 7, 0] {
        share.set(backlog, memory);
        assert_eq!((share.held(), backlog.unfinished.load(Relaxed)), (memory, memory));
    }
    for memory in [100, 7, 0, 0, 1] {
        share.begin_anew(backlog, memory);
        assert_eq!((share.held(), backlog.unfinished.load(Relaxed)), (memory, memory));
    }
}

#[test]
fn messages_are_numbered_as_they_begin() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let (mut first, second) = (holding(backlog, 1), holding(backlog, 1));
    first.set(backlog, 2);
    let third = holding(backlog, 1);
    assert!(first.number() < second.number() && second.number() < third.number());
    first.begin_anew(backlog, 2);
    assert!(third.number() < first.number());
}

#[test]
fn what_comes_of_large_messages_near_the_limit_is_progress() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    assert!(!backlog.is_stuck());
    let (mut large, mut small) = (holding(backlog, MIB), holding(backlog, 100));
    backlog.came(&mut large, 1000);
    assert_eq!(backlog.progress(), 0);
    let _others = holding(backlog, LIMIT);
    backlog.came(&mut small, 1000);
    assert_eq!(backlog.progress(), 0);
    backlog.came(&mut large, 1000);
    backlog.came(&mut large, 234);
    assert_eq!(backlog.progress(), 1234);
    // Who waits while there is none says so, and takes it back.
    for is_stuck in [true, false] {
        backlog.set_stuck(is_stuck);
        assert_eq!(backlog.is_stuck(), is_stuck);
    }
}

#[test]
fn the_mean_is_of_those_that_hold_something() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    assert_eq!(backlog.mean(), 0);
    let _large = holding(backlog, 30 * MIB);
    let small = holding(backlog, 10 * MIB);
    let _nothing = holding(backlog, 0);
    assert_eq!(backlog.mean(), 20 * MIB);
    drop(small);
    assert_eq!(backlog.mean(), 30 * MIB);
}

#[test]
fn all_is_given_back() {
    static BACKLOG: Backlog = Backlog::new();
    let backlog = limited(&BACKLOG);
    let mut shares: Vec<Share> = (1..100).map(|memory| holding(backlog, memory * MIB)).collect();
    assert!(backlog.reserve(&mut shares[7], 1));
    assert!(backlog.mean() > 0);
    drop(shares);
    assert_eq!(backlog.unfinished.load(Relaxed), 0);
    assert_eq!(backlog.holders.load(Relaxed), 0);
    assert_eq!(backlog.exempt.load(Relaxed), 0);
}
