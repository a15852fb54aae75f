"""SMTP (RFC 5321), by aiosmtplib: pooled connections, and an outcome that knows how far it got."""

from dispatcher.providers.smtp.endpoint import Endpoint, Tls
from dispatcher.providers.smtp.provider import Smtp

__all__ = ["Endpoint", "Smtp", "Tls"]
