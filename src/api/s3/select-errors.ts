/** Every fault of a query in S3's words. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#SelectObjectContentErrorCodeList */
import type { SelectFaultCode } from '#select/faults'

const words: Readonly<Record<SelectFaultCode, readonly [code: string, message: string]>> = {
  'select/ambiguous-name': [
    'AmbiguousFieldName',
    'The field name matches to multiple fields in the file.',
  ],
  'select/bad-arguments': [
    'EvaluatorInvalidArguments',
    'Incorrect number of arguments in the function call in the SQL expression.',
  ],
  'select/bad-date-part': [
    'ParseExpectedDatePart',
    'Did not find the expected date part in the SQL expression.',
  ],
  'select/bad-escape': [
    'EvaluatorLikePatternInvalidEscapeSequence',
    'The escape of a LIKE pattern is not one character, or stands in front of nothing to escape.',
  ],
  'select/bad-like': [
    'LikeInvalidInputs',
    'Invalid argument given to the LIKE clause in the SQL expression.',
  ],
  'select/bad-limit': ['ParseExpectedNumber', 'LIMIT needs a number that is not negative.'],
  'select/bad-path': ['InvalidKeyPath', 'The key path in the SQL expression is not valid.'],
  'select/bad-timestamp-pattern': [
    'EvaluatorInvalidTimestampFormatPattern',
    'Time stamp format pattern in the SQL expression is not valid.',
  ],
  'select/cast-failed': [
    'CastFailed',
    'Attempt to convert from one data type to another using CAST failed in the SQL expression.',
  ],
  'select/csv-quoted-delimiter': [
    'CSVEscapingRecordDelimiter',
    'A quoted record delimiter was found in the file. To allow quoted record delimiters, set AllowQuotedRecordDelimiter to TRUE.',
  ],
  'select/divided-by-zero': [
    'ExternalEvalException',
    'The query cannot be evaluated: a division by zero.',
  ],
  'select/integer-overflow': [
    'IntegerOverflow',
    'An integer overflow or underflow occurred in the SQL expression.',
  ],
  'select/invalid-character': [
    'LexerInvalidChar',
    'The SQL expression contains an invalid character.',
  ],
  'select/invalid-column-index': [
    'InvalidColumnIndex',
    'The column index in the SQL expression is not valid.',
  ],
  'select/invalid-compression': [
    'InvalidCompressionFormat',
    'The file is not in a supported compression format.',
  ],
  'select/invalid-data-source': [
    'InvalidDataSource',
    'Invalid data source type. Only CSV and JSON are supported.',
  ],
  'select/invalid-data-type': [
    'InvalidDataType',
    'The SQL expression contains a data type that is not valid.',
  ],
  'select/invalid-encoding': [
    'InvalidTextEncoding',
    'Invalid encoding type. Only UTF-8 encoding is supported.',
  ],
  'select/invalid-expression-type': [
    'InvalidExpressionType',
    'The ExpressionType is not valid. Only SQL expressions are supported.',
  ],
  'select/invalid-header-use': [
    'InvalidFileHeaderInfo',
    'The FileHeaderInfo value is not valid. Only NONE, USE, and IGNORE are supported.',
  ],
  'select/invalid-json-type': [
    'InvalidJsonType',
    'The JsonType value is not valid. Only DOCUMENT and LINES are supported.',
  ],
  'select/invalid-literal': [
    'LexerInvalidLiteral',
    'The SQL expression contains a literal that is not valid.',
  ],
  'select/invalid-parameter': [
    'InvalidRequestParameter',
    'The value of a parameter in the SelectRequest element is not valid.',
  ],
  'select/invalid-quote-fields': [
    'InvalidQuoteFields',
    'The QuoteFields value is not valid. Only ALWAYS and ASNEEDED are supported.',
  ],
  'select/invalid-scan-range': ['InvalidScanRange', 'The provided scan range is not valid.'],
  'select/invalid-table-alias': [
    'InvalidTableAlias',
    'The SQL expression contains a table alias that is not valid.',
  ],
  'select/json-malformed': ['JSONParsingError', 'An error occurred while parsing the JSON file.'],
  'select/missing-from': [
    'ParseSelectMissingFrom',
    'The SQL expression has a SELECT list, but no FROM clause.',
  ],
  'select/missing-headers': [
    'MissingHeaders',
    'Some headers in the query are missing from the file.',
  ],
  'select/missing-parameter': [
    'MissingRequiredParameter',
    'The SelectRequest entity is missing a required parameter.',
  ],
  'select/missing-select-list': [
    'ParseEmptySelect',
    'The SQL expression contains an empty SELECT clause.',
  ],
  'select/mixed-aggregates': [
    'UnsupportedSqlStructure',
    'Columns stand beside aggregates, which takes a grouping that is not supported.',
  ],
  'select/record-too-large': [
    'OverMaxRecordSize',
    'The length of a record in the input or result is more than 1 MiB.',
  ],
  'select/several-formats': [
    'ObjectSerializationConflict',
    'The InputSerialization and OutputSerialization each name one format, CSV or JSON.',
  ],
  'select/several-sources': [
    'MultipleDataSourcesUnsupported',
    'Multiple data sources are not supported.',
  ],
  'select/star-not-alone': [
    'ParseAsteriskIsNotAloneInSelectList',
    'Other expressions are not allowed in the SELECT list when * is used without dot notation.',
  ],
  'select/too-deep': ['UnsupportedSqlStructure', 'The SQL expression is nested too deeply.'],
  'select/too-long': [
    'ExpressionTooLong',
    'The SQL expression is too long: the maximum is 256 KiB.',
  ],
  'select/too-much-effort': [
    'ExternalEvalException',
    'The query cannot be evaluated: it looks at too much of one record.',
  ],
  'select/truncated-input': [
    'TruncatedInput',
    'The object is truncated: it ends in the middle of something.',
  ],
  'select/unexpected-token': [
    'ParseUnexpectedToken',
    'The SQL expression contains an unexpected token.',
  ],
  'select/unknown-type': [
    'ParseExpectedTypeName',
    'Did not find the expected type name in the SQL expression.',
  ],
  'select/unsupported-function': [
    'UnsupportedFunction',
    'Encountered an unsupported SQL function.',
  ],
  'select/unsupported-range': [
    'UnsupportedRangeHeader',
    'The Range header is not supported for this operation. Use ScanRange.',
  ],
  'select/unsupported-scan': [
    'UnsupportedScanRangeInput',
    'Scan range queries are not supported on this type of object: it is compressed, a JSON document, or has quoted record delimiters.',
  ],
  'select/unsupported-syntax': ['UnsupportedSyntax', 'Encountered invalid syntax.'],
  'select/wrong-argument-type': [
    'IncorrectSqlFunctionArgumentType',
    'An incorrect argument type was specified in a function call in the SQL expression.',
  ],
}

export const selectErrors = Object.fromEntries(
  Object.entries(words).map(([fault, [code, message]]) => [fault, { status: 400, code, message }]),
)
