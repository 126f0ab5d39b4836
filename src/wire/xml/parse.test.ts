import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { escapeXml } from './escape.js';
import { parseXml, type XmlElement, XmlSyntaxError } from './parse.js';

const parse = (xml: string) => parseXml(Buffer.from(xml));

/** `name(text)[children]`, short enough to compare. */
function sketch({ name, text, children, attributes }: XmlElement): string {
  const given = [...attributes].map(([key, value]) => ` ${key}=${value}`).join('');
  return `${name}${given}(${text})${children.length > 0 ? `[${children.map(sketch).join()}]` : ''}`;
}

const wellFormed: [xml: string, sketch: string][] = [
  ['<a/>', 'a()'],
  ['<a></a>', 'a()'],
  ['<a> x </a>', 'a( x )'],
  ['<a ><b/> <b>1</b></a >', 'a( )[b(),b(1)]'],
  ['\ufeff<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<!-- c --><a/>\n<!-- d -->\n', 'a()'],
  ["<?xml version='1.0' encoding='utf-8' ?><a/>", 'a()'],
  ['<a>1<!-- 2 -->3<?p 4?>5</a>', 'a(135)'],
  ['<a>x<![CDATA[<&>]]>y</a>', 'a(x<&>y)'],
  ['<a>&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;</a>', 'a(&<>"\'A😀)'],
  ['<a>&#1;</a>', 'a(\u0001)'],
  ['<a>\r\n\r</a>', 'a(\n\n)'],
  ['<s:a xmlns:s="urn:x"><s:b/></s:a>', 'a xmlns:s=urn:x()[b()]'],
  ['<a b="1" c=\'"&lt;\'/>', 'a b=1 c="<()'],
  ['<仮鍵>鍵</仮鍵>', '仮鍵(鍵)'],
];

const malformed = [
  '',
  ' ',
  'x',
  '<a>',
  '<a',
  '<a/><b/>',
  '<a/>x',
  'x<a/>',
  '<a></b>',
  '<a><b></a></b>',
  '</a>',
  '<1a/>',
  '<a b/>',
  '<a b=1/>',
  '<a b="1" b="2"/>',
  '<a b="<"/>',
  '<a b="1"c="2"/>',
  '<a>&nbsp;</a>',
  '<a>&amp</a>',
  '<a>&</a>',
  '<a>& </a>',
  '<a>&#xD800;</a>',
  '<a>&#x110000;</a>',
  '<a>&#;</a>',
  '<a>\u0001</a>',
  '<a>\ufffe</a>',
  '<a><![CDATA[</a>',
  '<a><!-- </a>',
  '<!DOCTYPE a><a/>',
  '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
  '<a/><!DOCTYPE a>',
  '<a><!ELEMENT a></a>',
  '<?xml version="1.1"?><a/>',
  '<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
  '<!-- c --><?xml version="1.0"?><a/>',
  '<?xml version="1.0"?><?xml version="1.0"?><a/>',
  '<a>'.repeat(100) + '</a>'.repeat(100),
  `<a>${'<b/>'.repeat(200_000)}</a>`,
];

suite('XML reader', () => {
  for (const [xml, expected] of wellFormed) {
    test(JSON.stringify(xml), () => assert.equal(sketch(parse(xml)), expected));
  }

  for (const xml of malformed) {
    test(`refuses ${JSON.stringify(xml.slice(0, 60))}`, () =>
      assert.throws(() => parse(xml), XmlSyntaxError));
  }

  test('refuses bytes that are not UTF-8', () => {
    assert.throws(() => parseXml(Buffer.from('<a>\xff</a>', 'latin1')), XmlSyntaxError);
    assert.throws(() => parseXml(Buffer.from('\ufeff<a/>', 'utf16le')), XmlSyntaxError);
  });

  test('reads what the writer escapes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        assert.equal(parse(`<a>${escapeXml(text)}</a>`).text, text);
        assert.equal(parse(`<a b="${escapeXml(text)}"/>`).attributes.get('b'), text);
      }),
    );
  });

  test('answers any text with an element or an XmlSyntaxError', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<a ',
        '/>',
        '>',
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
        '<?',
        '?>',
        '&',
        ';',
        '#x1',
        ' b="',
        '"',
        '=',
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece), pieces => {
        try {
          assert.equal(typeof parse(pieces.join('')).name, 'string');
        } catch (error) {
          assert.ok(error instanceof XmlSyntaxError);
        }
      }),
    );
  });
});
