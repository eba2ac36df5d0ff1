/** The text of the first element of that name in an XML document, with its line feeds. */
export function textIn(document: string, element: string): string | undefined {
  const text = new RegExp(`<${element}>([^<]*)</${element}>`).exec(document)?.[1]
  return text?.replaceAll('&#xA;', '\n')
}
