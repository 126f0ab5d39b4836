/** The picture that an authenticator app photographs. */
import { crc32, deflateSync } from 'node:zlib';
import { encodeQR } from 'qr';

const PIXELS_PER_MODULE = 6;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * `otpauth://totp/Amazon%20Web%20Services:NAME@ACCOUNT?secret=…`: IAM API Reference, VirtualMFADevice (QRCodePNG); the
 * form is that of "Key URI Format" of Google Authenticator.
 */
export function otpauthUri(label: string, secret: string): string {
  const parameters = new URLSearchParams({ secret, issuer: 'Karikagi' });
  return `otpauth://totp/${encodeURIComponent(label)}?${parameters}`;
}

/** The text as a QR code in a PNG of one bit per pixel. */
export function qrPng(text: string): Buffer {
  const modules = encodeQR(text, 'raw', { scale: PIXELS_PER_MODULE, border: 4 });
  const size = modules.length;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header[8] = 1; // bit depth; the rest is zero: greyscale, deflate, no filters beyond the standard ones, no interlace
  const rows = modules.map(row => {
    const bytes = Buffer.alloc(1 + Math.ceil(size / 8));
    for (const [x, dark] of row.entries()) if (!dark) bytes[1 + (x >> 3)]! |= 0x80 >> (x & 7);
    return bytes;
  });
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Source: Portable Network Graphics specification, "Chunk layout". */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, checksum]);
}
