use super::*;

fn job(json: &str) -> Job {
    Job::read(&Object::read(json.as_bytes()).unwrap())
}

fn at(secs: i64) -> Timestamp {
    "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(secs)
}

#[test]
fn what_a_job_says_of_itself() {
    use Failure::{Elsewhere, SignIn, TimedOut};
    for (json, expected) in [
        (r#"{"SuccessFlag":null,"LastStep":"LogInPanel","LastStatus":"Started"}"#, Standing::Running),
        (r#"{"SuccessFlag":true,"LastStatus":"Completed"}"#, Standing::Done),
        (r#"{"successFlag":"true"}"#, Standing::Done),
        (r#"{"SuccessFlag":null,"LastStatus":"AccountsReady"}"#, Standing::AccountsReady),
        (r#"{"SuccessFlag":null,"LastStatus":"Completed"}"#, Standing::Over),
        (r#"{"SuccessFlag":false,"LastStep":"LogInPanel","LastStatus":"Completed"}"#, Standing::Failed(SignIn)),
        (r#"{"SuccessFlag":false,"LastStep":"LogInPanel","LastStatus":"Timeout"}"#, Standing::Failed(TimedOut)),
        (r#"{"SuccessFlag":null,"LastStep":"TokenInput","LastStatus":"Timeout"}"#, Standing::Failed(TimedOut)),
        (r#"{"SuccessFlag":false,"LastStep":"TokenInput","LastStatus":"AccountsReady"}"#, Standing::Failed(Elsewhere)),
        (r#"{"LastStatus":"Failed"}"#, Standing::Failed(Elsewhere)),
        ("{}", Standing::Running),
    ] {
        assert_eq!(job(json).standing, expected, "{json}");
    }
}

#[test]
fn each_prompt_is_open_until_it_is_answered() {
    let prompts = |json: &str| job(json).open.into_iter().map(|open| open.prompt).collect::<Vec<_>>();
    let token = |name: Option<&str>| Prompt::Token(name.map(str::to_owned));
    for (json, expected) in [
        (r#"{"SecurityQuestion":"['Pet?']","SecurityAnswer":null}"#, vec![Prompt::Questions(vec!["Pet?".into()])]),
        (r#"{"SecurityQuestion":"['Pet?']","SecurityAnswer":"[\"Rex\"]"}"#, vec![]),
        (r#"{"TokenMethod":"[\"Text me\"]","TokenChoice":""}"#, vec![Prompt::Method(vec!["Text me".into()])]),
        (r#"{"TokenMethod":"[\"Text me\"]","TokenChoice":"Text me"}"#, vec![]),
        (r#"{"TokenSentFlag":true,"TokenInputName":"PIN"}"#, vec![token(Some("PIN"))]),
        (r#"{"TokenSentFlag":true,"TokenInputName":"PIN","TokenInput":"1"}"#, vec![]),
        (r#"{"LastStep":"TokenInput"}"#, vec![token(None)]),
        (r#"{"TokenSentFlag":false,"TokenInput":""}"#, vec![]),
        (r#"{"TokenRead":"42"}"#, vec![Prompt::Read("42".into())]),
        (r#"{"TokenRead":42,"VerifyPhoneFlag":true}"#, vec![]),
        (r#"{"CaptchaImage":"iVBORw==","CaptchaInput":null}"#, vec![Prompt::Captcha]),
        (r#"{"CaptchaImage":"iVBORw==","CaptchaInput":"abc"}"#, vec![]),
    ] {
        assert_eq!(prompts(json), expected, "{json}");
    }
}

fn token() -> Vec<Open> {
    job(r#"{"TokenSentFlag":true,"TokenInputName":"Token"}"#).open
}

fn captcha(picture: &str) -> Vec<Open> {
    job(&format!(r#"{{"CaptchaImage":"{picture}"}}"#)).open
}

fn answer(answers: &mut Answers, open: &[Open], secs: i64) {
    answers.note(open[0].digest(), &open[0].prompt, at(secs));
}

#[test]
fn an_echo_is_not_asked_again_and_a_wrong_answer_is() {
    let mut answers = Answers::default();
    assert_eq!(answers.next(token(), at(0)), Some((token()[0].clone(), false)));
    answer(&mut answers, &token(), 0);
    assert_eq!(answers.next(token(), at(5)), None, "it is not worked on yet");
    assert_eq!(answers.next(Vec::new(), at(8)), None, "it is being worked on");
    assert_eq!(answers.next(token(), at(9)), Some((token()[0].clone(), true)), "it was not taken");
    answer(&mut answers, &token(), 10);
    assert_eq!(answers.next(token(), at(12)), None);
    assert_eq!(answers.next(token(), at(31)), Some((token()[0].clone(), true)), "so long nothing takes");
}

#[test]
fn prompts_that_stand_there_still_do_not_hide_the_next_one() {
    let mut answers = Answers::default();
    answer(&mut answers, &captcha("one"), 0);
    let both = [captcha("one"), token()].concat();
    assert_eq!(answers.next(both.clone(), at(60)), Some((token()[0].clone(), false)));
    answer(&mut answers, &token(), 60);
    assert_eq!(answers.next(both, at(62)), None, "both are answered");
}

#[test]
fn another_picture_after_a_picture_says_that_the_first_was_misread() {
    let mut answers = Answers::default();
    answer(&mut answers, &captcha("one"), 0);
    assert_eq!(answers.next(captcha("two"), at(3)), Some((captcha("two")[0].clone(), true)));
    answer(&mut answers, &token(), 5);
    assert_eq!(answers.next(captcha("three"), at(8)), Some((captcha("three")[0].clone(), false)));
}

#[test]
fn nothing_of_an_answer_is_kept() {
    let json = r#"{"SecurityQuestion":"['Pet?']","SecurityAnswer":"[\"canary\"]","TokenInput":"canary","CaptchaInput":"canary"}"#;
    assert!(!format!("{:?}", job(json)).contains("canary"));
    let mut answers = Answers::default();
    answer(&mut answers, &token(), 0);
    let kept = serde_json::to_string(&answers).unwrap();
    assert_eq!(serde_json::from_str::<Answers>(&kept).unwrap(), answers);
}
