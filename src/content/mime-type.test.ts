import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { mimeOfName, sniffMime } from '#content/mime-type'

const known: readonly (readonly [first: string | Uint8Array, mime: string | undefined])[] = [
  [Buffer.from('89504e470d0a1a0a0000', 'hex'), 'image/png'],
  [Buffer.from('ffd8ffe000104a46', 'hex'), 'image/jpeg'],
  ['RIFF....WEBPVP8 ', 'image/webp'],
  ['RIFF....WAVEfmt ', 'audio/x-wav'],
  ['....ftypisom', 'video/mp4'],
  [Buffer.from('1a45dfa39f4286810142f7810142f2810442f381084282847765626d', 'hex'), 'video/webm'],
  ['%PDF-1.7', 'application/pdf'],
  ['\x1f\x8b\x08', 'application/gzip'],
  [`${'x'.repeat(257)}ustar`, 'application/x-tar'],
  ['#!/bin/sh\n', 'text/x-shellscript'],
  ['  \n<!DOCTYPE html><title>x</title>', 'text/html'],
  ['<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml'],
  ['<?xml version="1.0"?><feed/>', 'text/xml'],
  ['PK\x03\x04', undefined],
  ['hello mycelium cdn\n', undefined],
  ['', undefined],
]

test('first bytes tell the type of what people send', () => {
  for (const [first, mime] of known)
    equal(sniffMime(typeof first === 'string' ? Buffer.from(first, 'latin1') : first), mime)
})

test('names tell the rest, in either case, and nothing of what they do not know', () => {
  equal(mimeOfName('hello.txt'), 'text/plain')
  equal(mimeOfName('archive.tar.GZ'), 'application/gzip')
  equal(mimeOfName('report.docx').split('.').at(-1), 'document')
  for (const name of ['README', '.bashrc', 'x.constructor', 'a.', ''])
    equal(mimeOfName(name), 'application/octet-stream')
})
