import { registryFault } from '#api/content/faults'
import type { ContentRoute } from '#api/content/route'
import { parseManifestHash } from '#content/manifest-hash'

export const deleteMetadata: ContentRoute = {
  method: 'DELETE',
  path: '/metadata/{hash}',
  operation: 'DeleteMetadata',
  summary: 'Forgets a manifest; caches may keep it for as long as they were told',
  right: 'delete',
  answers: {
    204: 'It is forgotten',
    400: 'The hash is not 32 hexadecimal digits',
    404: 'There is no such manifest',
  },
  async run({ door: { registry }, names, wait }) {
    const hash = parseManifestHash(names['hash'] ?? '')
    if (hash === undefined) throw registryFault('registry/malformed-hash')
    if (!(await wait('delete', () => registry.remove(hash))))
      throw registryFault('registry/no-such-manifest')
    return { status: 204, headers: {} }
  },
}
