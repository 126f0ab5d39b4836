import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { XmlBytes } from './bytes.js';
import { escapeXml } from './escape.js';
import { xmlDocument } from './write.js';

const piece = fc.record({ data: fc.string({ unit: 'binary', maxLength: 40 }), repeat: fc.nat(400) });

test('what is written is what text put together would be, as UTF-8', () => {
  const xml = new XmlBytes();
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
      let expected = '';
      for (const { data, repeat } of pieces) {
        const text = data.repeat(repeat);
        xml.bytes(Buffer.from('<a>'));
        xml.text(text);
        expected += `<a>${escapeXml(text)}`;
      }
      const document = xml.take();
      assert.ok(Buffer.from(expected).equals(Buffer.from(document as string)));
      assert.equal(typeof document === 'string', Buffer.byteLength(expected) <= 16 * 1024);
    }),
  );
});

test('half a character is replaced, as it has no UTF-8', () => {
  for (const half of ['\ud83d', '\ude00']) {
    assert.equal(
      xmlDocument(xml => xml.text(`a${half}b`)),
      'a\ufffdb',
    );
  }
});

test('a document is left whole by one that could not be written before it', () => {
  const fails = () =>
    xmlDocument(xml => {
      xml.ascii('<half>');
      throw new Error('no');
    });
  assert.throws(fails, /no/);
  assert.equal(
    xmlDocument(xml => xml.text('<')),
    '&lt;',
  );
});

test('documents that were handed out stay as they are', () => {
  const large = (letter: string) => xmlDocument(xml => xml.text(letter.repeat(100_000))) as Buffer;
  const [first, second] = [large('a'), large('b')];
  assert.ok(first.equals(Buffer.alloc(100_000, 'a')));
  assert.ok(second.equals(Buffer.alloc(100_000, 'b')));
});
