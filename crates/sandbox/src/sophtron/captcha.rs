//! The picture of a captcha: a small PNG, written by hand, because a picture that nobody needs to read needs no library.
//!
//! What always holds: it is a whole PNG (grey, eight bits, no compression), and the same word gives the same picture.

use data_encoding::BASE64;

const WIDTH: usize = 96;
const HEIGHT: usize = 32;
const GLYPH: usize = 5;
const SCALE: usize = 3;
/// How far from one letter's left to the next one's.
const STEP: usize = (GLYPH + 1) * SCALE;

/// The letters that occur, each as five rows of five dots.
const LETTERS: &[(char, [u8; GLYPH])] = &[
    ('F', [0b11111, 0b10000, 0b11110, 0b10000, 0b10000]),
    ('H', [0b10001, 0b10001, 0b11111, 0b10001, 0b10001]),
    ('K', [0b10010, 0b10100, 0b11000, 0b10100, 0b10010]),
    ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('X', [0b10001, 0b01010, 0b00100, 0b01010, 0b10001]),
];

/// The picture of five letters in base64, without `data:` before it (fact sheet §6).
pub(super) fn picture(seed: u128) -> String {
    let mut left = seed;
    let count = LETTERS.len() as u128;
    let letters = std::iter::repeat_with(|| {
        let index = usize::try_from(left % count).unwrap_or(0);
        left /= count;
        LETTERS[index].1
    });
    let mut dots = [[0xf0_u8; WIDTH]; HEIGHT];
    for (index, glyph) in letters.take(5).enumerate() {
        for (row, bits) in glyph.iter().enumerate() {
            for column in (0..GLYPH).filter(|column| bits >> (GLYPH - 1 - column) & 1 == 1) {
                ink(&mut dots, 4 + index * STEP + column * SCALE, 8 + row * SCALE);
            }
        }
    }
    BASE64.encode(&png(&dots))
}

fn ink(dots: &mut [[u8; WIDTH]; HEIGHT], left: usize, top: usize) {
    for line in &mut dots[top..top + SCALE] {
        line[left..left + SCALE].fill(0x20);
    }
}

fn png(dots: &[[u8; WIDTH]; HEIGHT]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut head = Vec::new();
    for side in [WIDTH, HEIGHT] {
        head.extend(be(side));
    }
    // Eight bits, grey, and the only methods that there are.
    head.extend([8, 0, 0, 0, 0]);
    chunk(&mut bytes, *b"IHDR", &head);
    let raw: Vec<u8> = dots.iter().flat_map(|line| std::iter::once(0).chain(line.iter().copied())).collect();
    chunk(&mut bytes, *b"IDAT", &stored(&raw));
    chunk(&mut bytes, *b"IEND", &[]);
    bytes
}

fn be(number: usize) -> [u8; 4] {
    u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes()
}

fn chunk(bytes: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    bytes.extend(be(data.len()));
    let checked = [name.as_slice(), data].concat();
    bytes.extend(&checked);
    bytes.extend(crc32(&checked).to_be_bytes());
}

/// A zlib stream with one stored block; the picture has fewer than 65 536 bytes.
fn stored(raw: &[u8]) -> Vec<u8> {
    let length = u16::try_from(raw.len()).unwrap_or(u16::MAX);
    let mut stream = vec![0x78, 0x01, 0x01];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(raw);
    stream.extend(adler32(raw).to_be_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

fn adler32(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b"IEND"), 0xae42_6082);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn the_picture_is_a_whole_png_that_depends_on_its_seed() {
        let bytes = BASE64.decode(picture(7).as_bytes()).unwrap();
        assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
        let mut rest = &bytes[8..];
        let mut names = Vec::new();
        while !rest.is_empty() {
            let length = usize::try_from(u32::from_be_bytes(rest[..4].try_into().unwrap())).unwrap();
            let (checked, after) = rest[4..].split_at(4 + length);
            assert_eq!(after[..4], crc32(checked).to_be_bytes());
            names.push(String::from_utf8(checked[..4].to_vec()).unwrap());
            if names.last().unwrap() == "IDAT" {
                let raw = &checked[4 + 7..checked.len() - 4];
                assert_eq!(raw.len(), HEIGHT * (WIDTH + 1));
                assert_eq!(checked[checked.len() - 4..], adler32(raw).to_be_bytes());
                assert!(raw.contains(&0x20), "something is written on it");
            }
            rest = &after[4..];
        }
        assert_eq!(names, ["IHDR", "IDAT", "IEND"]);
        assert_ne!(picture(7), picture(8));
        assert_eq!(picture(7), picture(7));
    }
}
