/** Words that are no names of columns unless they are quoted. */
export const reserved: ReadonlySet<string> = new Set(
  (
    'ALL AND AS AVG BETWEEN CASE CAST COUNT ELSE END ESCAPE EXISTS FALSE FROM IN IS LIKE LIMIT MAX MIN MISSING ' +
    'NOT NULL OR SELECT SUM THEN TRUE WHEN WHERE'
  ).split(' '),
)
