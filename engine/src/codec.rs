//! Bounded little-endian reading and writing, and variable-length integers.
//!
//! Reading never panics and never trusts a length: every method of [`Reader`] answers [`Short`] when the bytes end
//! too early or are not in canonical form. Variable-length integers are LEB128 (seven bits a byte, lowest first),
//! at most ten bytes.

/// The bytes ended before the value did, or the value has no valid form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short;

/// A cursor over bytes that come from disk.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    #[must_use]
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// What was not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether everything was read.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `n` bytes.
    #[inline]
    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], Short> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(Short)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Short)?;
        self.rest = tail;
        Ok(*head)
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, Short> {
        Ok(self.array::<1>()?[0])
    }

    /// Two bytes.
    #[inline]
    pub fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(u16::from_le_bytes)
    }

    /// Four bytes.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(u32::from_le_bytes)
    }

    /// Eight bytes.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, Short> {
        self.array().map(u64::from_le_bytes)
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self) -> Result<i64, Short> {
        self.array().map(i64::from_le_bytes)
    }

    /// Sixteen bytes as they are.
    pub fn id(&mut self) -> Result<[u8; 16], Short> {
        self.array()
    }

    /// A variable-length integer.
    #[inline]
    pub fn varint(&mut self) -> Result<u64, Short> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Short);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                // A last byte of zero says nothing: the number has a shorter form, which is the only one allowed.
                return if byte == 0 && shift > 0 { Err(Short) } else { Ok(value) };
            }
        }
        Err(Short)
    }

    /// A variable-length integer that must fit 32 bits.
    pub fn varint_u32(&mut self) -> Result<u32, Short> {
        u32::try_from(self.varint()?).map_err(|_| Short)
    }

    /// A variable-length length, then that many bytes.
    pub fn sized(&mut self) -> Result<&'a [u8], Short> {
        let n = usize::try_from(self.varint()?).map_err(|_| Short)?;
        self.bytes(n)
    }
}

/// Appends values to a byte vector in the form [`Reader`] reads.
pub trait Write {
    /// One byte.
    fn put_u8(&mut self, value: u8);
    /// Two bytes.
    fn put_u16(&mut self, value: u16);
    /// Four bytes.
    fn put_u32(&mut self, value: u32);
    /// Eight bytes.
    fn put_u64(&mut self, value: u64);
    /// Eight bytes, signed.
    fn put_i64(&mut self, value: i64);
    /// A variable-length integer.
    fn put_varint(&mut self, value: u64);
    /// A variable-length length, then the bytes.
    fn put_sized(&mut self, bytes: &[u8]);
}

impl Write for Vec<u8> {
    fn put_u8(&mut self, value: u8) {
        self.push(value);
    }

    fn put_u16(&mut self, value: u16) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_u64(&mut self, value: u64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_i64(&mut self, value: i64) {
        self.extend_from_slice(&value.to_le_bytes());
    }

    fn put_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are meant")]
            self.push(value as u8 | 0x80);
            value >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
        self.push(value as u8);
    }

    fn put_sized(&mut self, bytes: &[u8]) {
        self.put_varint(crate::ids::to_u64(bytes.len()));
        self.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests;
