/** What is used of WebAssembly: the types of Node leave it out, those of browsers bring too much. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Of a module that is made by a script in tools/, in base64. `Exports`: what that script exports. */
export function openModule<Exports>(code: string): Exports {
  const module = new WebAssembly.Module(Buffer.from(code, 'base64'));
  return new WebAssembly.Instance(module).exports as Exports;
}
