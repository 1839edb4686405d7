// The description of the API as programs read it: a public validator of OpenAPI reads it too.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { city } from './city.mjs';

let site, description;
before(async () => {
    site = await city(['--sandbox']);
    description = await (await fetch(`${site.url}/ngsi-ld/v1/openapi.json`)).json();
});
after(async () => { assert.equal(await site.close(), 0, site.log()); });

// Every object anywhere in a value.
function* objects(value) {
    if (value === null || typeof value !== 'object') return;
    if (!Array.isArray(value)) yield value;
    for (const inner of Object.values(value)) yield* objects(inner);
}

it('is OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(description);
    assert.ok(valid, JSON.stringify(errors));
    assert.equal(validator.version, '3.1');
    const broken = structuredClone(description);
    delete broken.paths['/ngsi-ld/v1/entities'].get.responses;
    broken.paths['/ngsi-ld/v1/entities'].get.parameters[0].in = 'nowhere';
    assert.equal((await validator.validate(broken)).valid, false, 'a broken one is refused');
});

it('names no schema that is not there, and has none that nothing names', () => {
    const names = Object.keys(description.components.schemas);
    const used = new Set();
    for (const one of objects(description)) {
        if (one.$ref) used.add(one.$ref);
        for (const name of Object.values(one['x-format'] ?? {})) used.add(`#/components/schemas/${name}`);
    }
    assert.deepEqual([...used].sort(), names.map((name) => `#/components/schemas/${name}`).sort());
});

it('says of each route what it answers, and gives all JSON a schema', () => {
    let answers = 0;
    for (const [path, operations] of Object.entries(description.paths))
        for (const [method, operation] of Object.entries(operations)) {
            const statuses = Object.keys(operation.responses);
            assert.ok(statuses.some((status) => status < 400), `${method} ${path} never succeeds`);
            for (const status of statuses)
                for (const [media, content] of Object.entries(operation.responses[status].content ?? {})) {
                    answers++;
                    if (media.endsWith('json')) assert.ok(content.schema?.$ref, `${method} ${path} ${status} ${media}`);
                }
        }
    assert.ok(answers > 500, `${answers} answers`);
});
