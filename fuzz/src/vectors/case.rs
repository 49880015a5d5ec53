//! [`Case`]: one recorded case, with its operations grouped into the requests they came in.

use serde_json::Value as Json;

/// One recorded case.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub area: String,
    /// What kind of object it ran on.
    pub class: Class,
    /// What was done and what came of it.
    pub kind: Kind,
}

/// What kind of object a case ran on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One with SQL and a handler of alarms.
    Sql,
    /// One without SQL, under the rules of an earlier date.
    WithoutSql,
    /// One with SQL and without a handler of alarms.
    WithoutAlarms,
}

/// What was done, and what came of it.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Steps one after the other.
    Sequence(Vec<Step>),
    /// Requests at the same time.
    Concurrent(Vec<Concurrent>),
}

/// A step of a case.
#[derive(Clone, Debug)]
pub enum Step {
    /// A request to the object.
    Request(Request),
    /// The object is reset and built anew.
    NewSession,
    /// Time passes outside of the object, in milliseconds.
    Pause(f64),
}

/// The operations of one request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The operations.
    pub ops: Vec<Json>,
    /// What each of them gave.
    pub expect: Vec<Json>,
    /// What the caller of the request got, if not an answer.
    pub error: Option<Json>,
}

/// A request among others.
#[derive(Clone, Debug)]
pub struct Concurrent {
    /// When it comes, in milliseconds after the first moment.
    pub after_ms: f64,
    /// What it does.
    pub request: Request,
}

impl Case {
    /// Reads a line of a recording.
    ///
    /// # Errors
    /// A text that says what is wrong with it.
    pub fn read(line: &str) -> Result<Case, String> {
        let json: Json = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |name: &str| json[name].as_str().map(str::to_owned).ok_or_else(|| format!("no {name}"));
        let has = |flag: &str| list(&json["flags"]).iter().any(|given| given == flag);
        let class = if has("no-sql-old-compat") {
            Class::WithoutSql
        } else if has("no-alarm-handler") {
            Class::WithoutAlarms
        } else {
            Class::Sql
        };
        let kind = if json["concurrent"].is_array() { concurrent(&json) } else { sequence(&json)? };
        Ok(Case { id: text("id")?, area: text("area")?, class, kind })
    }
}

fn list(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn sequence(json: &Json) -> Result<Kind, String> {
    let (ops, expect) = (list(&json["ops"]), list(&json["expect"]));
    if ops.len() != expect.len() {
        return Err("not as many results as operations".into());
    }
    let mut steps = Vec::new();
    let mut request = Request::default();
    for (op, expect) in ops.iter().zip(expect) {
        let marker = match op["op"].as_str() {
            Some("newSession") => Some(Step::NewSession),
            Some("nextRequest") => None,
            Some("driverSleep") => Some(Step::Pause(op["ms"].as_f64().unwrap_or(0.0))),
            _ => {
                request.ops.push(op.clone());
                request.expect.push(expect.clone());
                continue;
            }
        };
        end_request(&mut steps, &mut request);
        steps.extend(marker);
    }
    end_request(&mut steps, &mut request);
    let requests = steps.iter_mut().filter_map(|step| match step {
        Step::Request(request) => Some(request),
        _ => None,
    });
    for (number, request) in requests.enumerate() {
        request.error = json["requestErrors"].get(number.to_string()).cloned();
    }
    Ok(Kind::Sequence(steps))
}

/// Splits without operations between them count for no request.
fn end_request(steps: &mut Vec<Step>, request: &mut Request) {
    if !request.ops.is_empty() {
        steps.push(Step::Request(std::mem::take(request)));
    }
}

fn concurrent(json: &Json) -> Kind {
    let requests = list(&json["concurrent"]).iter().zip(list(&json["expect"]));
    Kind::Concurrent(
        requests
            .map(|(request, expect)| {
                let (results, error) = match expect {
                    Json::Array(results) => (results.as_slice(), None),
                    failed => (list(&failed["partial"]), failed.get("requestError").cloned()),
                };
                let after_ms = request["after"].as_f64().unwrap_or(0.0);
                let ops = list(&request["ops"]).to_vec();
                Concurrent { after_ms, request: Request { ops, expect: results.to_vec(), error } }
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests;
