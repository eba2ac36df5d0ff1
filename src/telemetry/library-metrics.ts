/** What the first design of the libraries' registry counts, under its names, and how long answers take. Labels are templates of paths, never paths. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RequestEnded } from '#telemetry/telemetry'

/** What is true now of all libraries. */
export interface LibraryFigures {
  readonly libraries: number
  readonly versions: number
  /** Of archives. */
  readonly bytes: number
}

/** Seconds; the aim is 0.2 for what is read, 0.5 for searches. */
const durationBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10, 60]

export interface LibraryMetrics {
  requestEnded(event: RequestEnded): void
  set(figures: LibraryFigures): void
}

export function openLibraryMetrics(registry: Registry): LibraryMetrics {
  const registers = [registry]
  const count = (name: string, help: string): Counter => new Counter({ name, help, registers })
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers })
  const requests = new Counter({
    name: 'mdlibs_registry_requests_total',
    help: 'Answered requests for libraries',
    labelNames: ['method', 'endpoint', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'mdlibs_registry_request_duration_seconds',
    help: 'Time from the first byte of a request for libraries to the last of its answer',
    labelNames: ['method', 'endpoint'],
    buckets: durationBuckets,
    registers,
  })
  const downloads = count('mdlibs_registry_downloads_total', 'Archives sent by this process')
  const uploads = count('mdlibs_registry_uploads_total', 'Versions published at this process')
  const libraries = gauge('mdlibs_registry_libraries_total', 'Libraries')
  const versions = gauge('mdlibs_registry_versions_total', 'Versions of libraries')
  const bytes = gauge('mdlibs_registry_storage_bytes', 'Bytes of all archives')
  return {
    requestEnded({ operation, endpoint, method, status, ms }) {
      if (endpoint === undefined) return
      requests.inc({ method, endpoint, status })
      durations.observe({ method, endpoint }, ms / 1000)
      if (operation === 'DownloadArchive' && method === 'GET' && status === 200) downloads.inc()
      if (operation.startsWith('Publish') && status === 201) uploads.inc()
    },
    set(figures) {
      libraries.set(figures.libraries)
      versions.set(figures.versions)
      bytes.set(figures.bytes)
    },
  }
}
