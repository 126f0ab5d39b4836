import { uriReference } from '../core/uri-reference.js';
import type { Severity } from '../policy/index.js';
import type { FileFindings } from './file-findings.js';

const LEVELS: Readonly<Record<Severity, string>> = {
  ERROR: 'error',
  SECURITY_WARNING: 'warning',
  WARNING: 'warning',
  SUGGESTION: 'note',
};

/** Findings in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS), which code hosts show. */
export function toSarif(results: readonly FileFindings[]): object {
  const codes = new Set(results.flatMap(({ findings }) => findings.map(({ code }) => code)));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'karikagi policy lint', rules: [...codes].sort().map(id => ({ id })) } },
        columnKind: 'utf16CodeUnits',
        invocations: [invocationOf(results)],
        results: results.flatMap(({ file, findings }) =>
          findings.map(({ code, severity, message, line, column, start, end, resource }) => ({
            ruleId: code,
            level: LEVELS[severity],
            message: { text: message },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: uriReference(file) },
                  region: {
                    startLine: line,
                    startColumn: column,
                    charOffset: start,
                    charLength: end - start,
                  },
                },
                ...(resource && { logicalLocations: [{ fullyQualifiedName: resource }] }),
              },
            ],
          })),
        ),
      },
    ],
  };
}

/** Files that could not be checked are notifications of the run, as there is nothing in them to point at. */
function invocationOf(results: readonly FileFindings[]): object {
  const faults = results.flatMap(({ file, fault }) => (fault === undefined ? [] : [{ file, fault }]));
  return {
    executionSuccessful: faults.length === 0,
    ...(faults.length > 0 && {
      toolExecutionNotifications: faults.map(({ file, fault }) => ({
        level: 'error',
        message: { text: fault },
        locations: [{ physicalLocation: { artifactLocation: { uri: uriReference(file) } } }],
      })),
    }),
  };
}
