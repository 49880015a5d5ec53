use super::ArenaBuffer;

#[test]
fn bytes_stay_while_the_arena_is_lent() {
    let mut buffer = ArenaBuffer::new();
    for _ in 0..3 {
        let arena = buffer.arena();
        let kept: Vec<_> = (0..2000u32).map(|i| (i, arena.copy(i.to_string().as_bytes()))).collect();
        let long = arena.keep(vec![7; 100_000]);
        let joined = arena.concat(&[b"ab", b"", b"c"]);
        for (i, bytes) in kept {
            assert_eq!(bytes, i.to_string().as_bytes());
        }
        assert_eq!(long, [7; 100_000]);
        assert_eq!(joined, b"abc");
    }
}

#[test]
fn the_chunk_grows_to_what_was_needed() {
    let mut buffer = ArenaBuffer::new();
    let arena = buffer.arena();
    for _ in 0..100 {
        let _ = arena.copy(&[1; 100]);
    }
    assert_eq!(buffer.chunk.len(), 0, "never while lent");
    let arena = buffer.arena();
    for _ in 0..100 {
        let _ = arena.copy(&[1; 100]);
    }
    assert_eq!(buffer.chunk.len(), 16_384);
    assert_eq!(buffer.overflow.count.get(), 0);
}
