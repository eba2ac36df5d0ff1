/** Where the LMDB file lies in the node's directory. */
export const environmentDirectory = 'lmdb'
export const environmentPath = `${environmentDirectory}/data.mdb`
