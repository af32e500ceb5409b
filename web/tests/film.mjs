// A film for Chromium's fake camera, made of pictures of codes: uncompressed video (y4m), 1280x720, 30 frames a second, played in a circle.

import { readFile, writeFile } from "node:fs/promises";

const WIDTH = 1280;
const HEIGHT = 720;
/** Each picture is in view for half a second. */
const FRAMES = 15;

/** Writes a film in which the pictures follow each other. Without any, the camera looks at a grey wall. `page` decodes the PNG. */
export async function film(page, path, pictures = []) {
  const stills = pictures.length > 0 ? await Promise.all(pictures.map((picture) => still(page, picture))) : [Buffer.alloc(WIDTH * HEIGHT, 110)];
  const colourless = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  const pieces = [Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F30:1 Ip A1:1 C420jpeg\n`)];
  for (const luma of stills) {
    for (let frame = 0; frame < FRAMES; frame += 1) pieces.push(Buffer.from("FRAME\n"), luma, colourless);
  }
  await writeFile(path, Buffer.concat(pieces));
}

/** Returns the brightness of each pixel: the picture in the middle of a grey frame, a little turned and soft, as a hand would hold it. */
async function still(page, picture) {
  const source = (await readFile(picture)).toString("base64");
  const luma = await page.evaluate(draw, { source, width: WIDTH, height: HEIGHT });
  return Buffer.from(luma, "base64");
}

async function draw({ source, width, height }) {
  const bytes = Uint8Array.from(atob(source), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#6e6e6e";
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height / 2);
  context.rotate(0.05);
  context.filter = "blur(0.6px)";
  const side = height * 0.86;
  context.drawImage(image, -side / 2, -side / 2, side, side);
  const { data } = context.getImageData(0, 0, width, height);
  let text = "";
  for (let at = 0; at < data.length; at += 4) text += String.fromCharCode(Math.round(0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]));
  return btoa(text);
}
