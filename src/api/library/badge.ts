import { libraryRoute, refOf } from '#api/library/route'

/** Of the 11-pixel sans serif that badges are set in, on average; what is wider is squeezed (`textLength`). */
const characterWidth = 6.6
const padding = 10
const height = 20

export const getBadge = libraryRoute({
  method: 'GET',
  path: '/libraries/{scope}/{name}/badge.svg',
  operation: 'GetBadge',
  summary: 'A picture with the latest version, for pages',
  budget: 'metadata',
  gives: { 200: 'image/svg+xml' },
  answers: { 404: 'There is none, or none that you may know of' },
  async respond({ libraries }, { actor, names }) {
    const { scope, name, latest, visibility, deprecated } = await libraries.library(
      actor,
      refOf(names),
    )
    const value = latest === undefined ? 'no version' : latest
    const colour =
      deprecated !== undefined ? '#9a6700' : latest === undefined ? '#57606a' : '#0969da'
    const whose = visibility === 'public' ? 'public' : 'private'
    return {
      status: 200,
      headers: {
        'content-type': 'image/svg+xml',
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        'cross-origin-resource-policy': 'cross-origin', // it is made to be shown elsewhere
        'cache-control': `${whose}, max-age=300`,
        vary: 'Authorization',
      },
      body: drawBadge(`@${scope}/${name}`, value, colour),
    }
  },
})

function drawBadge(label: string, value: string, colour: string): string {
  const left = widthOf(label)
  const right = widthOf(value)
  const title = escaped(`${label}: ${value}`)
  const text = (words: string, x: number, width: number): string =>
    `<text x="${x + width / 2}" y="14" textLength="${width - padding}" lengthAdjust="spacingAndGlyphs">${escaped(words)}</text>`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="${height}" role="img" aria-label="${title}">`,
    `<title>${title}</title>`,
    `<rect width="${left}" height="${height}" fill="#24292f"/>`,
    `<rect x="${left}" width="${right}" height="${height}" fill="${colour}"/>`,
    '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">',
    text(label, 0, left),
    text(value, left, right),
    '</g></svg>',
  ].join('')
}

function widthOf(words: string): number {
  return Math.round(words.length * characterWidth) + padding
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
