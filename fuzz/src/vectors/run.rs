//! Runs a case on an object and compares what comes with what was recorded.

use serde_json::{Value as Json, json};

use super::alarm_host::drive;
use super::case::{Case, Concurrent, Kind, Request, Step};
use super::compare::{Comparison, Tally, same_error};
use super::object::{Disk, Object};
use super::scope::thrown;
use super::thrown::Thrown;
use super::turns::Task;

/// What running a case gave.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was not as expected, apart from counts.
    pub failures: Vec<Failure>,
    /// Counts of rows read and written.
    pub counts: Tally,
    /// Results of `EXPLAIN`.
    pub plans: Tally,
    /// Each count that differs, as a line of text.
    pub differing: Vec<String>,
}

impl Outcome {
    /// That of a case that did not come to its end.
    #[must_use]
    pub fn panicked() -> Outcome {
        let failure = Failure { op: json!("the case"), expected: json!("an end"), got: json!("a panic") };
        Outcome {
            failures: vec![failure],
            counts: Tally::default(),
            plans: Tally::default(),
            differing: Vec::new(),
        }
    }
}

/// Something that was not as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The operation, or what else it is of.
    pub op: Json,
    /// What was recorded.
    pub expected: Json,
    /// What came.
    pub got: Json,
}

/// What a request came to: the results of its operations, and what its caller got if not an answer.
type Answer = (Vec<Json>, Option<Thrown>);

/// Runs a case.
#[must_use]
pub fn run(case: &Case) -> Outcome {
    let mut check = Check { comparison: Comparison::new(), failures: Vec::new() };
    let disk = Disk::new(case.class);
    match &case.kind {
        Kind::Sequence(steps) => sequence(&disk, steps, &mut check),
        Kind::Concurrent(requests) => concurrent(&disk, requests, &mut check),
    }
    let Comparison { counts, plans, differing } = check.comparison;
    Outcome { failures: check.failures, counts, plans, differing }
}

fn sequence(disk: &Disk, steps: &[Step], check: &mut Check) {
    let mut object = None;
    for step in steps {
        match step {
            Step::NewSession => object = None,
            Step::Pause(ms) => {
                disk.turns.run(vec![Box::pin(disk.turns.sleep(*ms))], None, || {});
            }
            Step::Request(request) => {
                if object.is_none() {
                    object = check.opened(Object::new(disk));
                }
                let Some(session) = &object else { return };
                let answers = run_requests(disk, session, &[(0.0, request)]);
                let is_reset = answers.iter().any(|(_, error)| error.is_some());
                check.answers(&[request], &answers);
                if is_reset {
                    object = None;
                }
            }
        }
    }
}

fn concurrent(disk: &Disk, requests: &[Concurrent], check: &mut Check) {
    let Some(object) = check.opened(Object::new(disk)) else { return };
    let timed: Vec<(f64, &Request)> =
        requests.iter().map(|concurrent| (concurrent.after_ms, &concurrent.request)).collect();
    let answers = run_requests(disk, &object, &timed);
    let requests: Vec<&Request> = requests.iter().map(|concurrent| &concurrent.request).collect();
    check.answers(&requests, &answers);
}

/// Runs requests, each from a moment on, until all are answered.
fn run_requests(disk: &Disk, object: &Object<'_>, requests: &[(f64, &Request)]) -> Vec<Answer> {
    let mut answers: Vec<Answer> = requests.iter().map(|_| Answer::default()).collect();
    let tasks = requests.iter().zip(&mut answers).map(|((after_ms, request), answer)| {
        let task: Task<'_> = Box::pin(async move {
            if *after_ms > 0.0 {
                disk.turns.sleep(*after_ms).await;
            }
            *answer = object.request(&request.ops).await;
        });
        task
    });
    let alarm: Task<'_> = Box::pin(drive(object));
    if !disk.turns.run(tasks.collect(), Some(alarm), || object.end_turn()) {
        let stuck = Thrown::error("the request waits for something that does not come");
        return requests.iter().map(|_| (Vec::new(), Some(stuck.clone()))).collect();
    }
    answers
}

/// The comparison of a case, and what was not as expected so far.
struct Check {
    comparison: Comparison,
    failures: Vec<Failure>,
}

impl Check {
    fn opened<'d>(&mut self, object: Result<Object<'d>, super::stop::Stop>) -> Option<Object<'d>> {
        match object {
            Ok(object) => Some(object),
            Err(stop) => {
                self.fail(&json!("a new session"), &json!({}), &thrown(stop).to_json());
                None
            }
        }
    }

    fn fail(&mut self, op: &Json, expected: &Json, got: &Json) {
        self.failures.push(Failure { op: op.clone(), expected: expected.clone(), got: got.clone() });
    }

    fn answers(&mut self, requests: &[&Request], answers: &[Answer]) {
        for (request, (results, error)) in requests.iter().zip(answers) {
            for (place, expected) in request.expect.iter().enumerate() {
                let got = results.get(place).unwrap_or(&Json::Null);
                let op = &request.ops[place];
                if !self.comparison.result(op, expected, got) {
                    self.fail(op, expected, got);
                }
            }
            let got = error.as_ref().map_or(Json::Null, Thrown::to_json);
            let expected = request.error.clone().unwrap_or(Json::Null);
            if !(expected.is_null() && got.is_null() || same_error(&expected, &got)) {
                self.fail(&json!("the answer to the request"), &expected, &got);
            }
        }
    }
}

#[cfg(test)]
mod tests;
