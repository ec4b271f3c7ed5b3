//! A QR code drawn with half blocks: two rows of modules in a line of text.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};
use socialnet::{Error, Kind, Result};

/// Light modules are the drawn ones, with a light margin around them (ISO/IEC 18004 section 6.3.8): most terminals are
/// dark. Programs that read QR codes take a light one's inverse too.
pub fn code(text: &str) -> Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| {
        Error::new(Kind::Usage, "the invitation is too long for a QR code: too many addresses")
    })?;
    let drawn = code.render().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Ok(drawn + "\n")
}
