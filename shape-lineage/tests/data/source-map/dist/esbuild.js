function i(e){if(console.log(`resizing to ${e.width}x${e.height}`),4096<e.width)throw new RangeError(`a canvas of ${e.width} is too wide`);return e.width*e.height}var r=[{width:640,height:480},{width:9999,height:1}];function n(e){try{console.info("area %d",i(e))}catch(t){console.error("resize failed",t)}}for(let e of r)n(e);
//# sourceMappingURL=esbuild.js.map
