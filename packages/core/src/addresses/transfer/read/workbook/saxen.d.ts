/** What is used of saxen, which brings no types. */
declare module "saxen" {
  export class Parser {
    on(
      event: "openTag",
      handle: (
        name: string,
        attributes: () => Readonly<Record<string, string>>,
        decode: (text: string) => string,
      ) => void,
    ): this;
    on(event: "closeTag", handle: (name: string) => void): this;
    on(event: "text", handle: (text: string, decode: (text: string) => string) => void): this;
    on(event: "cdata", handle: (text: string) => void): this;
    write(xml: string): this;
    end(): this;
  }
}
