use super::{Event, Span, spans, walk};
use crate::error::Result;
use crate::wire::reader::Reader;

fn events(body: &[u8]) -> Result<Vec<Event>> {
    let bytes = [b"\xff\x0f", body].concat();
    let (mut reader, _) = Reader::open(&bytes)?;
    let mut events = Vec::new();
    walk(&mut reader, |event| events.push(event))?;
    reader.expect_end()?;
    Ok(events)
}

fn begin(position: usize) -> Event {
    Event::Begin { position }
}

fn end(position: usize) -> Event {
    Event::End { position }
}

#[test]
fn objects_are_told_in_the_order_of_their_numbers() {
    let set_in_object = b"o\"\x01a'D\0\0\0\0\0\0\0\0,\x01\"\x01b^\x01{\x02";
    let reference = Event::Reference { number: 1, position: 21 };
    let expected = [begin(2), begin(6), begin(7), end(16), end(18), reference, end(25)];
    assert_eq!(events(set_in_object).unwrap(), expected);
}

#[test]
fn a_view_begins_where_its_buffer_does() {
    let expected = [begin(2), begin(4), end(7), begin(4), end(12), end(15)];
    assert_eq!(events(b"A\x01B\x01\0VB\0\x01\0$\0\x01").unwrap(), expected);
}

#[test]
fn errors_and_holes_are_passed() {
    assert!(events(b"rRm\"\x01mc0s\"\x01s.").is_ok());
    assert!(events(b"A\x03-0-$\0\x03").is_ok());
    assert!(events(b"A\x02--\"\x01x0$\x01\x02").is_ok());
    assert!(events(b"A\x01!$\0\x01").is_err());
}

#[test]
fn spans_are_by_number() {
    let (mut reader, _) = Reader::open(b"\xff\x0fA\x01B\x01\0VB\0\x01\0$\0\x01").unwrap();
    let expected = [(2, 15), (4, 7), (4, 12)].map(|(start, end)| Span { start, end });
    assert_eq!(spans(&mut reader).unwrap(), expected);
}
