"""A Django project with the models of the system that Postbell replaces, under their names.

To import it configures Django, once for the process. Its databases are set by tests/django.
"""

from __future__ import annotations

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "tests.support.django_project",
    ],
    AUTH_USER_MODEL="django_project.User",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    # Tables are made from the models at once.
    MIGRATION_MODULES={"auth": None, "contenttypes": None},
    LANGUAGE_CODE="en",
    USE_TZ=True,
)
django.setup()
