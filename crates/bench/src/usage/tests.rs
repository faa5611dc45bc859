use super::*;

#[test]
fn processor_time_is_found_behind_any_name() {
    for (name, expected) in [("(serve)", Some(12)), ("(a) 1 (b c)", Some(12)), ("", None)] {
        let stat = format!("4711 {name} S 1 4711 4711 0 -1 4194304 100 0 0 0 7 5 0 0 20 0");
        let stat = if name.is_empty() { "4711".to_owned() } else { stat };
        assert_eq!(ticks(&stat), expected, "{stat}");
    }
}

#[test]
fn a_family_is_a_process_its_children_and_those_that_ended() {
    let parent = Pid::from_raw(4711).expect("a process id");
    let stat = |pid: u32, of: u32| format!("{pid} (serve) S {of} 1 1 0 -1 4194304 100 0 0 0 7 5 20 10 20 0 1");
    for (pid, of, expected) in [(4711, 1, Some(42)), (4712, 4711, Some(12)), (4713, 4712, None)] {
        assert_eq!(ticks_in_family(&stat(pid, of), parent), expected, "{pid} of {of}");
    }
}

#[test]
fn the_use_of_several_is_their_sum() {
    let one = |cpu_secs, peak_mb| Usage { cpu_secs, peak_mb };
    assert_eq!(
        [one(1.0, 10.0), one(2.5, 30.0)].into_iter().sum::<Usage>(),
        one(3.5, 40.0)
    );
}

#[test]
fn peak_memory_is_the_high_water_mark() {
    let status = "Name:\tserve\nVmPeak:\t  900 kB\nVmHWM:\t  1234 kB\nVmRSS:\t 800 kB\n";
    assert_eq!(peak_kib(status), Some(1234));
    assert_eq!(peak_kib("Name:\tserve\n"), None);
}

#[test]
fn this_process_uses_memory() {
    let usage = Usage::of_this().expect("a reading");
    assert!(usage.peak_mb > 1.0, "{usage:?}");
}
