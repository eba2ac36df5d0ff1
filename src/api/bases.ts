/** What paths of doors that share a listener begin with. */

/** The admin API. */
export const adminBase = '/admin/v1'
/** Libraries, and the people who publish them. */
export const apiBase = '/api/v1'
