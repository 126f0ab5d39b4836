/** The JSON editor of policies: tells mistakes as one types, and mends them. */
import { json } from '@codemirror/lang-json';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { type Diagnostic, forceLinting, linter, lintGutter } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { basicSetup } from 'codemirror';
import { useEffect, useRef } from 'react';
import type { Finding } from '../../../src/policy/index.js';

interface EditorProps {
  readonly value: string;
  readonly label: string;
  readonly readOnly?: boolean;
  /** What is wrong with a text; called once one stops typing. */
  readonly findings?: ((text: string) => Promise<readonly Finding[]>) | undefined;
  onChange?(text: string): void;
}

const SEVERITIES = {
  ERROR: 'error',
  SECURITY_WARNING: 'warning',
  WARNING: 'warning',
  SUGGESTION: 'info',
} as const;

/** Colors that are read on light and on dark alike. */
const COLORS = HighlightStyle.define([
  { tag: tags.string, color: 'light-dark(#9b1c1c, #ffb4a8)' },
  { tag: tags.propertyName, color: 'light-dark(#0f141a, #ebebf0)' },
  { tag: tags.number, color: 'light-dark(#0b5c3b, #86dfb0)' },
  { tag: [tags.bool, tags.null], color: 'light-dark(#1d3f8f, #9cc9ff)' },
]);

function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
}

function diagnosticOf({ start, end, severity, message, code, fix }: Finding): Diagnostic {
  return {
    from: start,
    to: end,
    severity: SEVERITIES[severity],
    message,
    source: code,
    ...(fix && {
      actions: [
        {
          name: fix.description,
          apply: view =>
            view.dispatch({
              changes: fix.edits.map(edit => ({ from: edit.start, to: edit.end, insert: edit.text })),
            }),
        },
      ],
    }),
  };
}

export default function Editor({ value, label, readOnly = false, findings, onChange }: EditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  // The editor is made once; what it calls is what the page last said.
  const calls = useRef({ findings, onChange });
  calls.current = { findings, onChange };
  const first = useRef(value);
  useEffect(() => {
    const lint = linter(
      async ({ state: { doc } }) => {
        const found = (await calls.current.findings?.(doc.toString())) ?? [];
        return found.filter(({ end }) => end <= doc.length).map(diagnosticOf);
      },
      { delay: 250 },
    );
    const made = new EditorView({
      parent: place.current!,
      state: EditorState.create({
        doc: first.current,
        extensions: [
          basicSetup,
          json(),
          syntaxHighlighting(COLORS),
          EditorView.cspNonce.of(nonce()),
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': label }),
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          ...(readOnly ? [] : [lint, lintGutter()]),
          EditorView.theme({
            '&': { backgroundColor: 'light-dark(#fff, #161d26)', color: 'light-dark(#0f141a, #ebebf0)' },
            '.cm-gutters': {
              backgroundColor: 'light-dark(#f6f6f9, #1b232d)',
              color: 'light-dark(#5f6b7a, #b4b4bb)',
            },
            '.cm-scroller': { minHeight: '160px', maxHeight: '60vh' },
            '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
          }),
          EditorView.updateListener.of(update => {
            if (update.docChanged) calls.current.onChange?.(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    if (!readOnly) forceLinting(made);
    return () => made.destroy();
  }, [label, readOnly]);
  useEffect(() => {
    const { current } = view;
    if (current && current.state.doc.toString() !== value) {
      current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } });
    }
  }, [value]);
  return <div className="editor" ref={place} />;
}
