import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * `provisioning.rb`, the Homebrew formula of the core line (11 §4); Homebrew brings Node.js itself.
 * @param releases address that has `<version>/<file>`.
 * @returns its path.
 */
export async function writeFormula(options: {
  readonly archive: string;
  readonly version: string;
  readonly releases: string;
  readonly homepage?: string;
  readonly outputDir: string;
}): Promise<string> {
  const { archive, version, releases, homepage = releases } = options;
  const digest = createHash('sha256')
    .update(await readFile(archive))
    .digest('hex');
  const file = join(options.outputDir, 'provisioning.rb');
  await writeFile(
    file,
    `class Provisioning < Formula
  desc "Infrastructure automation for people who run servers"
  homepage "${homepage}"
  url "${releases.replace(/\/$/, '')}/${version}/${basename(archive)}"
  version "${version}"
  sha256 "${digest}"
  license "Apache-2.0"

  depends_on "node"

  def install
    prefix.install Dir["*"]
    (share/"provisioning/package-manager").write "brew upgrade provisioning\\n"
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/provisioning --version").strip
  end
end
`,
  );
  return file;
}
