"""Jars signed for tests, with keys made on the spot."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7

MANIFEST, STATED, BLOCK = "META-INF/MANIFEST.MF", "META-INF/KEY.SF", "META-INF/KEY.RSA"


@dataclass(frozen=True)
class Signer:
    """A key and its self-signed certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


@cache
def signer(name: str = "one", kind: str = "rsa") -> Signer:
    """A signer by name; the same within a test run."""
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2021, 1, 1, tzinfo=UTC)
    )
    return Signer(key, builder.sign(key, hashes.SHA256()))


def digest(data: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


def signed_files(
    entry: bytes, by: Signer, *, attributes: bool = False, algorithm: str = "sha256", name: str = "entry.json"
) -> dict[str, bytes]:
    """The files of a signed jar."""
    header = {"sha256": "SHA-256", "sha1": "SHA1", "sha512": "SHA-512"}[algorithm]
    manifest = f"Manifest-Version: 1.0\r\nCreated-By: tests\r\n\r\nName: {name}\r\n"
    manifest += f"{header}-Digest: {digest(entry, algorithm)}\r\n\r\n"
    stated = "Signature-Version: 1.0\r\nCreated-By: a very long name that goes on and on and\r\n  on\r\n"
    stated += f"{header}-Digest-Manifest: {digest(manifest.encode(), algorithm)}\r\n\r\n"
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    options += [] if attributes else [pkcs7.PKCS7Options.NoAttributes]
    block = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(stated.encode())
        .add_signer(by.certificate, by.key, hashes.SHA256())
        .sign(serialization.Encoding.DER, options)
    )
    return {MANIFEST: manifest.encode(), STATED: stated.encode(), BLOCK: block, name: entry}


def jar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def signed_jar(entry: bytes, by: Signer | None = None) -> bytes:
    return jar(signed_files(entry, by or signer()))
