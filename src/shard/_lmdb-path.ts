/** Where the LMDB file lies in the node's directory, and how long its pages are, whatever the machine's are. */
export const environmentDirectory = 'lmdb'
export const environmentPath = `${environmentDirectory}/data.mdb`
export const lmdbPageBytes = 4096
