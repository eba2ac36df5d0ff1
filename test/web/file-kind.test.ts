import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { guessKind, sniff } from '#web/file-kind'

const utf8 = new TextEncoder()

for (const [name, content, kind, type] of [
  ['a.png', '\x89PNG\r\n\x1a\n....', 'image', 'image/png'],
  ['a.bin', '\xff\xd8\xff\xe0....', 'image', 'image/jpeg'],
  ['a', 'RIFF....WEBPVP8 ', 'image', 'image/webp'],
  ['a', 'RIFF....WAVEfmt ', 'audio', 'audio/wav'],
  ['a.mov', '\x00\x00\x00\x20ftypisom', 'video', 'video/mp4'],
  ['a.webm', '\x1a\x45\xdf\xa3\x01\x00', 'video', 'video/webm'],
  ['a.html', '%PDF-1.7\n', 'pdf', 'application/pdf'],
  ['a.zip', 'PK\x03\x04\x14\x00', 'other', 'application/octet-stream'],
] as const) {
  test(`${type} by its bytes, whatever ${name} says`, () => {
    const first = Uint8Array.from(content, (character) => character.charCodeAt(0))
    const sniffed = sniff(first, { name, mime: 'text/html' })
    equal(sniffed.kind, kind)
    equal(sniffed.type, type)
  })
}

for (const [name, mime, content, kind] of [
  ['a.html', 'text/html', '<script>alert(1)</script>', 'text'],
  ['a.svg', 'image/svg+xml', '<svg onload="alert(1)"/>', 'text'],
  ['a.png', 'image/png', '<html>', 'text'],
  ['notes.md', 'text/plain', '# hello', 'markdown'],
  ['notes', 'text/markdown', '# hello', 'markdown'],
  ['a.txt', 'text/plain', 'naïve – 文字', 'text'],
  ['empty', undefined, '', 'text'],
] as const) {
  test(`${name} (${mime}) is ${kind}, and its type is that of plain text`, () => {
    const sniffed = sniff(utf8.encode(content), { name, mime })
    equal(sniffed.kind, kind)
    equal(sniffed.type, 'text/plain;charset=utf-8')
  })
}

test('a character that is cut at the end is still text, a wrong byte is not', () => {
  const cut = utf8.encode('x'.repeat(4095).concat('é'))
  equal(sniff(cut, { name: 'a.txt', mime: undefined }).kind, 'text')
  equal(sniff(Uint8Array.of(0x61, 0xff, 0x62), { name: 'a.txt', mime: undefined }).kind, 'other')
  equal(sniff(Uint8Array.of(0x61, 0, 0x62), { name: 'a.txt', mime: undefined }).kind, 'other')
})

test('before a byte was seen, the name says what it may be, then the MIME type', () => {
  equal(guessKind({ name: 'A.JPG', mime: 'application/octet-stream' }), 'image')
  equal(guessKind({ name: 'film', mime: 'video/mp4' }), 'video')
  equal(guessKind({ name: 'drawing', mime: 'image/svg+xml' }), 'other')
  equal(guessKind({ name: 'x.constructor', mime: undefined }), 'other')
})
