import type { OperationSchema } from './schema.js';
import type { Labels } from './types.js';

interface Template {
  readonly operation: string;
  readonly method: string;
  readonly path: RegExp;
  readonly labels: readonly string[];
  /** Characters that are no label: the more, the earlier it is tried. */
  readonly literal: number;
}

/** The operation of a method and a path, and what the path names; undefined where there is none. */
type TemplateRouter = (
  method: string,
  path: string,
) => { readonly operation: string; readonly labels: Labels } | undefined;

/**
 * Makes the function that tells operations apart by their URI templates: `/tags/{ResourceArn+}`, in which a plus lets a
 * label go on over slashes (Smithy 2.0, "http trait"). It throws URIError for a label that is not percent-encoded.
 */
export function templateRouter(operations: Iterable<OperationSchema>): TemplateRouter {
  const templates: Template[] = [];
  for (const { name, http } of operations) if (http) templates.push(compile(name, http.method, http.uri));
  templates.sort((a, b) => b.literal - a.literal);
  return (method, path) => {
    for (const template of templates) {
      const found = template.method === method ? template.path.exec(path) : null;
      if (!found) continue;
      const labels: Record<string, string> = {};
      template.labels.forEach((label, at) => {
        labels[label] = decodeURIComponent(found[at + 1]!);
      });
      return { operation: template.operation, labels };
    }
    return undefined;
  };
}

const LABEL = /\{(\w+)(\+?)\}/g;

function compile(operation: string, method: string, uri: string): Template {
  const [template = ''] = uri.split('?');
  const labels: string[] = [];
  const path = template.replaceAll(LABEL, (_, label: string, greedy: string) => {
    labels.push(label);
    return greedy ? '(.+)' : '([^/]+)';
  });
  return {
    operation,
    method,
    path: new RegExp(`^${path}$`),
    labels,
    literal: template.replaceAll(LABEL, '').length,
  };
}
