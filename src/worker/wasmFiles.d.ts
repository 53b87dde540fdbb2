/** Vite's address of a file that the page brings along. */
declare module "*.wasm?url" {
  const address: string;
  export default address;
}
