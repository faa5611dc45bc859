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
