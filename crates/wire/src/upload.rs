//! The one multipart form that platforms take: a single file part.

use bytes::Bytes;

/// A file to send as the only part of a `multipart/form-data` body (reference wecom 6.1).
#[derive(Clone, Debug)]
pub struct Upload {
    /// The part's name, such as `media`.
    pub field: &'static str,
    /// The file's name. Anything but ASCII letters, digits, `.`, `-` and `_` is sent as `_`: the vendor's parser does
    /// not understand `filename*=`.
    pub filename: String,
    /// The part's content type, such as `image/jpeg`.
    pub mime: String,
    /// The file.
    pub bytes: Bytes,
}

impl Upload {
    /// The body, and the value of the `Content-Type` header that fits it.
    ///
    /// The body is one piece, so that it goes out with a `Content-Length` and never chunked; the file's length stands in the part's disposition.
    pub(crate) fn into_body(self) -> (Vec<u8>, String) {
        let boundary = free_boundary(&self.bytes);
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"; filelength={}\r\nContent-Type: {}\r\n\r\n",
            self.field,
            plain(&self.filename),
            self.bytes.len(),
            self.mime,
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let body = [head.as_bytes(), &self.bytes, tail.as_bytes()].concat();
        (body, format!("multipart/form-data; boundary={boundary}"))
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// A boundary that does not occur in the file; the first one nearly always fits.
fn free_boundary(bytes: &[u8]) -> String {
    let occurs = |boundary: &str| {
        bytes
            .windows(boundary.len())
            .any(|window| window == boundary.as_bytes())
    };
    let mut boundary = "----moments-part-0".to_owned();
    while occurs(&boundary) {
        boundary.push('0');
    }
    boundary
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(filename: &str, bytes: &'static [u8]) -> (String, String) {
        let upload = Upload {
            field: "media",
            filename: filename.into(),
            mime: "image/jpeg".into(),
            bytes: Bytes::from_static(bytes),
        };
        let (body, content_type) = upload.into_body();
        (String::from_utf8(body).expect("ASCII in tests"), content_type)
    }

    #[test]
    fn the_part_carries_name_length_and_type() {
        let (body, content_type) = body("poster.jpg", b"PIXELS");
        assert_eq!(content_type, "multipart/form-data; boundary=----moments-part-0");
        assert_eq!(
            body,
            "------moments-part-0\r\n\
             Content-Disposition: form-data; name=\"media\"; filename=\"poster.jpg\"; filelength=6\r\n\
             Content-Type: image/jpeg\r\n\r\n\
             PIXELS\r\n------moments-part-0--\r\n"
        );
    }

    #[test]
    fn a_file_name_is_made_plain() {
        assert!(body("海报\"\r\n1.jpg", b"").0.contains("filename=\"_____1.jpg\";"));
    }

    #[test]
    fn a_boundary_never_occurs_in_the_file() {
        let (_, content_type) = body("a.jpg", b"x----moments-part-0y");
        assert_eq!(content_type, "multipart/form-data; boundary=----moments-part-00");
    }
}
