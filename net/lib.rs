//! How the offline roles reach a link: sync over HTTP or a file, and QR frames
