/** AES-128-GCM by the browser (https://www.w3.org/TR/webcrypto-2/), as docs/formats/cdn-meta.md has it: the tag behind the ciphertext, no associated data. */
import { contentFault } from '#content/faults'

/** `content/not-authentic` */
export async function decrypt(
  sealed: Uint8Array,
  { key, nonce }: { readonly key: Uint8Array; readonly nonce: Uint8Array },
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = crypto
  const imported = await subtle.importKey('raw', own(key), 'AES-GCM', false, ['decrypt'])
  const algorithm = { name: 'AES-GCM', iv: own(nonce), tagLength: 128 }
  try {
    return new Uint8Array(await subtle.decrypt(algorithm, imported, own(sealed)))
  } catch (error) {
    throw contentFault('content/not-authentic', {}, error)
  }
}

/** WebCrypto takes no shared memory; what comes from the network or from the coder never is. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
