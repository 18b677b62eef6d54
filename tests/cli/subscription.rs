//! `bankside subscription`: who may sync with banks, until when, and what doctor says of it.

use crate::program::Home;

#[test]
fn who_has_one_is_said_on_the_command_line_and_shown_by_doctor() {
    let home = Home::new();
    let made = home.run(&["demo", "--once", "--data-folder", "data"]);
    assert!(made.status.success(), "{}", made.stderr);
    let in_it = |arguments: &[&str], required: bool| {
        let config = "data_folder = \"data\"\n[vault]\nkey_file = \"config/bankside/demo.key\"\n";
        let required = if required { "[subscription]\nrequired = true\n" } else { "" };
        home.write("config.toml", &format!("{config}{required}"));
        home.run(arguments)
    };
    let unasked = in_it(&["subscription", "list"], false);
    assert!(unasked.stderr.contains("asks for no subscription"), "{}", unasked.stderr);
    assert!(!in_it(&["doctor"], false).stdout.contains("subscription"));

    let none = in_it(&["subscription", "list"], true);
    assert!(none.status.success(), "{}", none.stderr);
    let name = none.stdout.split(" (").next().unwrap().to_owned();
    assert!(none.stdout.ends_with("): none\n") && none.stderr.is_empty(), "{} {}", none.stdout, none.stderr);
    let nobody = in_it(&["subscription", "set", "Nobody at all", "--through", "2999-12-31"], true);
    assert!(
        nobody.stderr.contains("no organization “Nobody at all”") && nobody.stderr.contains(&name),
        "{}",
        nobody.stderr
    );
    let set = in_it(&["subscription", "set", &name.to_uppercase(), "--through", "2999-12-31"], true);
    assert!(set.stdout.contains("through 2999-12-31"), "{} {}", set.stdout, set.stderr);
    let doctor = in_it(&["doctor"], true).stdout;
    assert!(doctor.contains(&format!("note     subscription: {name}: through 2999-12-31")), "{doctor}");
    assert!(in_it(&["subscription", "end", &name], true).status.success());
    assert!(in_it(&["subscription", "list"], true).stdout.contains("): ended with "));
    let again = in_it(&["subscription", "end", &name], true);
    assert!(!again.status.success() && again.stderr.contains("no subscription that could end"), "{}", again.stderr);
}
