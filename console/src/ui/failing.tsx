import { Component, type ReactNode } from 'react';
import { ErrorBox } from './errors.js';

/** Shows what went wrong in a page in place of the page, and leaves the frame around it. */
export class Failing extends Component<{ readonly children: ReactNode }, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return this.state.error === undefined ? this.props.children : <ErrorBox error={this.state.error} />;
  }
}
