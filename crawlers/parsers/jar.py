"""A signed JAR, as F-Droid's entry.jar is one: its single signer, its manifest and its one file, all checked.

The chain is: the certificate's key signs the .SF file (PKCS#7), the .SF file has the manifest's digest, the manifest
has the file's digest. Form: the JAR File Specification, "Signed JAR File". Only SHA-256 and stronger count.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from crawlers.parsers.errors import StorePayloadError

MAX_JAR_BYTES = 4 << 20
MAX_FILE_BYTES = 4 << 20
MAX_ENTRIES = 16
MIN_RSA_BITS = 1024  # as Java has it for jars
MANIFEST = "META-INF/MANIFEST.MF"
DIGESTS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_HEADERS = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512"}
_BLOCK = re.compile(r"^META-INF/([A-Za-z0-9_-]{1,64})\.(RSA|EC|DSA)$", re.I)
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError, KeyError)


@dataclass(frozen=True)
class Signed:
    """The bytes of a jar's one file, and the SHA-256 of the certificate that vouches for them, in hex."""

    data: bytes
    fingerprint: str


def read_signed(jar: bytes, name: str, fingerprint: str | None = None) -> Signed:
    """The file of that name in a signed jar. Raises StorePayloadError.

    Kinds: too_large; bad_jar, where it is no jar with that file alone; bad_signature, where anything in the chain does
    not hold; wrong_fingerprint, where it holds but is another signer's than `fingerprint`.
    """
    files = _open(jar, name)
    blocks = [(path, match) for path in files if (match := _BLOCK.match(path))]
    if len(blocks) != 1:
        raise _bad(f"the jar has {len(blocks)} signature blocks, not one")
    path, match = blocks[0]
    stated = next((p for p in files if p.upper() == f"META-INF/{match[1]}.SF".upper()), None)
    if stated is None or MANIFEST not in files:
        raise _bad("the jar is not signed: it has no " + ("manifest" if stated else ".SF file"))
    certificate = _signer(files[path], files[stated])
    _check_manifest(files[stated], files[MANIFEST])
    _check_file(files[MANIFEST], name, files[name])
    found = hashlib.sha256(certificate).hexdigest()
    if fingerprint is not None and found != fingerprint:
        text = f"the jar is signed by {found}, not by {fingerprint}"
        raise StorePayloadError(text, "wrong_fingerprint")
    return Signed(files[name], found)


def _bad(text: str) -> StorePayloadError:
    return StorePayloadError(text, "bad_signature")


def _open(jar: bytes, name: str) -> dict[str, bytes]:
    """Every file of the jar, unpacked within limits. Raises StorePayloadError: bad_jar, too_large."""
    if len(jar) > MAX_JAR_BYTES:
        raise StorePayloadError(f"a jar of {len(jar)} bytes is larger than {MAX_JAR_BYTES}", "too_large")
    try:
        with zipfile.ZipFile(io.BytesIO(jar)) as archive:
            listed = [info for info in archive.infolist() if info.filename != "META-INF/"]
            names = [info.filename for info in listed]
            if len(names) > MAX_ENTRIES:
                raise StorePayloadError(f"a jar of {len(names)} entries has more than {MAX_ENTRIES}", "bad_jar")
            if len(set(names)) != len(names):
                raise StorePayloadError("the jar has two entries of one name", "bad_jar")
            for one in names:
                if one != name and one != MANIFEST and not _BLOCK.match(one) and not one.upper().endswith(".SF"):
                    raise StorePayloadError(f"the jar has an entry of no use: {one[:80]!r}", "bad_jar")
            if name not in names:
                raise StorePayloadError(f"the jar has no {name}", "bad_jar")
            return {info.filename: _unpack(archive, info) for info in listed}
    except _DAMAGE as error:
        raise StorePayloadError(f"it is no jar that can be read ({type(error).__name__})", "bad_jar") from None


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise StorePayloadError(f"{info.filename} is packed in a way that jars are not", "bad_jar")
    with archive.open(info) as stream:
        data = stream.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise StorePayloadError(f"{info.filename} unpacks to more than {MAX_FILE_BYTES} bytes", "too_large")
    return data


def _signer(block: bytes, signed: bytes) -> bytes:
    """The DER certificate whose key signed these bytes. Raises StorePayloadError: bad_signature."""
    try:
        content = cms.ContentInfo.load(block, strict=True)
        if content["content_type"].native != "signed_data":
            raise _bad("the signature block is no signed data")
        about = content["content"]
        signers = about["signer_infos"]
        if len(signers) != 1:
            raise _bad(f"the signature block has {len(signers)} signers, not one")
        signer = signers[0]
        certificate = _certificate_of(about, signer)
        algorithm = signer["digest_algorithm"]["algorithm"].native
        if algorithm not in DIGESTS:
            raise _bad(f"the signature's digest {str(algorithm)[:40]} is too weak or unknown")
        _verify(certificate, signer, _to_verify(signer, signed, algorithm), algorithm)
        return certificate
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, UnsupportedAlgorithm, RecursionError) as error:
        raise _bad(f"the signature block cannot be read ({type(error).__name__})") from None


def _certificate_of(about: cms.SignedData, signer: cms.SignerInfo) -> bytes:
    wanted = signer["sid"]
    for choice in about["certificates"]:
        if choice.name != "certificate":
            continue
        certificate = choice.chosen
        if wanted.name == "issuer_and_serial_number":
            same = (
                certificate.serial_number == wanted.chosen["serial_number"].native
                and certificate.issuer.dump() == wanted.chosen["issuer"].dump()
            )
        else:
            same = certificate.key_identifier == wanted.chosen.native
        if same:
            return bytes(certificate.dump())
    raise _bad("the signature block lacks its signer's certificate")


def _to_verify(signer: cms.SignerInfo, signed: bytes, algorithm: str) -> bytes:
    """What the signature is over: the signed attributes, where there are any, else the file itself."""
    attributes = signer["signed_attrs"]
    if isinstance(attributes, core.Void) or len(attributes) == 0:
        return signed
    digests = [a["values"][0].native for a in attributes if a["type"].native == "message_digest"]
    if digests != [hashlib.new(algorithm, signed).digest()]:
        raise _bad("the signed attributes are of another .SF file")
    return bytes(attributes.untag().dump())


def _verify(certificate: bytes, signer: cms.SignerInfo, data: bytes, algorithm: str) -> None:
    key = x509.load_der_x509_certificate(certificate).public_key()
    signature, digest = signer["signature"].native, DIGESTS[algorithm]()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if key.key_size < MIN_RSA_BITS:
                raise _bad(f"the signer's RSA key has {key.key_size} bits: fewer than {MIN_RSA_BITS} can be forged")
            if signer["signature_algorithm"]["algorithm"].native == "rsassa_pss":
                pss = padding.PSS(padding.MGF1(digest), padding.PSS.AUTO)
                key.verify(signature, data, pss, digest)
            else:
                key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            raise _bad(f"a {type(key).__name__} signs no jar: RSA and EC do")
    except InvalidSignature:
        raise _bad("the signature does not hold: the .SF file was altered, or signed with another key") from None


def _check_manifest(stated: bytes, manifest: bytes) -> None:
    main, _ = _sections(stated)
    _check_digests(main, "-Digest-Manifest", manifest, "the manifest")


def _check_file(manifest: bytes, name: str, data: bytes) -> None:
    _, sections = _sections(manifest)
    if list(sections) != [name]:
        raise _bad(f"the manifest vouches for {', '.join(sections)[:80] or 'nothing'}, not for {name} alone")
    _check_digests(sections[name], "-Digest", data, name)


def _check_digests(attributes: dict[str, str], suffix: str, data: bytes, what: str) -> None:
    """Every strong digest that is stated must hold, and one must be."""
    stated = {
        name: attributes[f"{name}{suffix}".lower()] for name in _HEADERS if f"{name}{suffix}".lower() in attributes
    }
    if not stated:
        raise _bad(f"no digest of {what} by SHA-256 or stronger")
    for name, text in stated.items():
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise _bad(f"the digest of {what} is not base64") from None
        if digest != hashlib.new(_HEADERS[name], data).digest():
            raise _bad(f"{what} is not the one that was signed: its {name} differs")


def _sections(data: bytes) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Main attributes, and those of each named section; names in small letters, continued lines joined."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("a manifest is not UTF-8") from None
    text = re.sub(r"\r\n|\r", "\n", text).replace("\n ", "")
    blocks: list[dict[str, str]] = []
    for part in re.split(r"\n\n+", text.strip("\n")):
        found: dict[str, str] = {}
        for line in part.split("\n"):
            name, colon, value = line.partition(": ")
            if not colon or name.lower() in found:
                raise _bad(f"a manifest has a line that is none: {line[:60]!r}")
            found[name.lower()] = value
        blocks.append(found)
    sections: dict[str, dict[str, str]] = {}
    for block in blocks[1:]:
        if "name" not in block or block["name"] in sections:
            raise _bad("a manifest has a section without a name, or two of one name")
        sections[block["name"]] = block
    return blocks[0], sections
