import { equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { attribute, html, isSafeAddress, nothing } from '#api/library/pages/html'

const hostile = `<script>alert("1")</script>' onload='x`

test('what stands in a hole is text', () => {
  equal(
    String(html`<p title="${hostile}">${hostile}</p>`),
    '<p title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=&#39;x">' +
      '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39; onload=&#39;x</p>',
  )
})

test('templates nest, lists are joined, and what is not there is left out', () => {
  const items = ['a', 'b'].map((item) => html`<li>${item}</li>`)
  equal(
    String(html`<ul>${items}</ul>${undefined}${false}${nothing}${0}`),
    '<ul><li>a</li><li>b</li></ul>0',
  )
})

test('attributes are there or not', () => {
  const option = (isChosen: boolean) =>
    html`<option value="${'x'}"${attribute('selected', isChosen)}>x</option>`
  equal(String(option(true)), '<option value="x" selected>x</option>')
  equal(String(option(false)), '<option value="x">x</option>')
  equal(String(html`<a${attribute('title', '"')}></a>`), '<a title="&quot;"></a>')
})

test('addresses that run something, or lead where they do not say, are refused', () => {
  for (const address of [
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    ' javascript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'blob:x',
    '//example.org',
    '/\\example.org',
    'example.org',
    'https://a b',
    '',
  ]) {
    equal(isSafeAddress(address), false, address)
    throws(() => html`<a href="${address}">x</a>`, address)
  }
  for (const address of ['/', '/a', '?q=1', '#a', 'https://example.org/', 'mailto:a@example.org'])
    equal(isSafeAddress(address), true, address)
})

test('a hole where escaping does not help is refused', () => {
  throws(() => html`<${'b'}>`)
  throws(() => html`<a href=${'/'}>`)
  throws(() => html`<a href="https://${'x'}">`)
  throws(() => html`<a onclick="${'x'}">`)
  throws(() => html`<a style="${'x'}">`)
  throws(() => html`<a ${'x'}>`)
  throws(() => html`<a${'x'}>`)
  throws(() => html`<script>${'x'}</script>`)
  throws(() => html`<style>${'x'}</style>`)
  throws(() => html`a < ${'x'}`)
  throws(() => html`<p title='${'x'}'>`)
  throws(() => attribute('onclick', 'x'))
  throws(() => attribute('href', '/'))
  equal(String(html`<script src="${'/x.js'}"></script>${'y'}`), '<script src="/x.js"></script>y')
})
