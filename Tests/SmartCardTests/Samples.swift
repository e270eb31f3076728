import Foundation

/// Self-signed certificates made with openssl, to be walked, not trusted.
enum Samples {
  /// P-256.
  static var certificate: [UInt8] {
    get throws {
      try decode(
        """
        MIIBiDCCAS2gAwIBAgIUddb+duztVF4xUrUXK7+4s0fta90wCgYIKoZIzj0EAwIwGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDAgFw0yNjExMj
        EwOTM1MzZaGA8yMTI2MTAyODA5MzUzNlowGDEWMBQGA1UEAwwN5LiJ6ZaAIOiKseWtkDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK7784Vy
        qb/bxWs2m4TAd3j/GI1u5S4DXB07zgu4H6GjUTaXVtwQ8SS2ZhFJkJkwG/Ag2eDX7jyNc8aVpvJEsY+jUzBRMB0GA1UdDgQWBBQAhqrUMcRSBp
        fxn6Ei8tcLnUl/MzAfBgNVHSMEGDAWgBQAhqrUMcRSBpfxn6Ei8tcLnUl/MzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQDO
        CvVp1a581bhv6IkwLG5zxRHX1gfD3sE0YVKdmaOfMwIhALjToRLzQKI+w0phrNC8Hy8+NtfwIrrJo9Y/itFiFe/A
        """)
    }
  }

  /// RSA-2048.
  static var rsaCertificate: [UInt8] {
    get throws {
      try decode(
        """
        MIIC/zCCAeegAwIBAgIULgM0GeGvyJNkwCc3TpR8+/Tu6zowDQYJKoZIhvcNAQELBQAwDjEMMAoGA1UEAwwDUlNBMCAXDTI2MTEyMTA5MzUzNl
        oYDzIxMjYxMDI4MDkzNTM2WjAOMQwwCgYDVQQDDANSU0EwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEKAoIBAQC/EzICEN+AFEMTGbtAcgfN
        oYEtzig7UCWkYH+OVo7UA8UNIcWyijFDuc6neYz+IhEkR0C5G2F9ywrikkf4LEJ2Nnd0QNEoI3en2oP4nUrby0c7jNZD/DxsncP/VCEz1NL7CQ
        dLVX1kxhZg1/itqwqIxPVx9K1sexWuQfhhqOHtDO84+OavykoCaaSr4eCbYH1RD9AE2a+ntH4xeur6iEx5vBaRoMwLsvs5J3T33zKhle65SKGm
        OLKgCAow8LSC1eiAG/2gnhm7rgR1JfREdUqqWxauFLSSqGG9QZLyLVD8ySrbNvkbst4buHdvMaykPBPyPi2cdh1EmsdzP2Mo0t4JAgMBAAGjUz
        BRMB0GA1UdDgQWBBRqiGNRYr7z+2EXKdqvga37NK2xYjAfBgNVHSMEGDAWgBRqiGNRYr7z+2EXKdqvga37NK2xYjAPBgNVHRMBAf8EBTADAQH/
        MA0GCSqGSIb3DQEBCwUAA4IBAQCwKiSiHbs+KPTZw+Xxa8Mlo9lpfTIb9jby0OMuj1Sy6JTsEfUw2mN4ZWzedb/HHIwBL+O6WuuPQzCO7+FsHO
        xtcNw7iCBjcRpbXJ/yTmiz1BQbgA0KGowUZz7uKZy/zurcJsZUCl3shHwyymSl67H47yYWsZtq4GEtnankkORLuZ6pOhLsGvZ9gjkFAK6hflYt
        /JfKaxMNy7KzKjF2WZ3Uy+xlbmoPUEwEzB1BLjMrWhuqcuR3aUywKWXmw2Yw59Vm4T5GFbD7046UpX46rQwZNM4cTuGCKN0Nn2kYCAPSbmLjdl
        z0vN8wK4aZCQSVYB9MXqstb5OfjPU+oEA78sNo
        """)
    }
  }

  /// P-384.
  static var p384Certificate: [UInt8] {
    get throws {
      try decode(
        """
        MIIBsDCCATWgAwIBAgITSBScpGhysMatNG9sedNlhUUwLTAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDAMzODQwIBcNMjYxMTIxMDkzNTM2WhgPMj
        EyNjEwMjgwOTM1MzZaMA4xDDAKBgNVBAMMAzM4NDB2MBAGByqGSM49AgEGBSuBBAAiA2IABEZ0ptUPJbsb5itNp1TFScUQkGIUrmw16YA+gnTD
        eKH1vDefzpwchlNG84qkIxnbIyJ5CWOBvIUMYbe2e9YrDbJtVUD8yyhrgRZh6yPQtaYJl53ftPQqxTQ1zJZY+4S9m6NTMFEwHQYDVR0OBBYEFD
        tbICY8B6wEiJ8jA8xWS+Fym3U/MB8GA1UdIwQYMBaAFDtbICY8B6wEiJ8jA8xWS+Fym3U/MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
        aQAwZgIxAJmNpwhWcsZGWM0OHLM9CT2xrIdJCxFjwmpIWLkC1ooKHXdhwO1NJ4G8YPu2l03XJgIxAK/O9rocP8KesJYsjo522weq8XhBMuZ9hd
        OsLxsQ0BxQyOtvypPBKZSx6YZ5MvQaNg==
        """)
    }
  }

  /// RSA-3072.
  static var rsa3072Certificate: [UInt8] {
    get throws {
      try decode(
        """
        MIID/zCCAmegAwIBAgIUF7sYb6Muco/SZkihq5UUSD9n6hIwDQYJKoZIhvcNAQELBQAwDjEMMAoGA1UEAwwDUlNBMCAXDTI2MTEyMzExNDAyNFoYDz
        IxMjYxMDMwMTE0MDI0WjAOMQwwCgYDVQQDDANSU0EwggGiMA0GCSqGSIb3DQEBAQUAA4IBjwAwggGKAoIBgQC0DxmaU8Nu6w6K7wRkZt7CbtmrpktJ
        lOYLBQEMa5LiXVNnxGKmEJ8bkxyG9DWKmSntCIZ/+A5Y4QpxhtIVSEpuGxYxB+zlqqLkrVOWYWN7u3Eg6bgP0Z4/3SEIWNQYPtAdSrAN9hCXLrHirX
        hJMRbFcXt91Y695rUaHmmH79HUBay7ix5Zw566lo1emcwqjkPQJ19+wPG6GpGZQBihgjrjjAEOd9rKdlZUbkmSMtcoggo6SB/BsQTvylRNuDuZC5BB
        zEhxKzMvCeNMgnRLmeeD2UbajKWGWqEc+6A34RHcAz8P0Sm2GOCvB9Ng40/0rHh8OmKpuved0n0FQ/N0YekgZp9MHcfdbJd/3rZhkZ1UPh5zdqhp/m
        YMzNWZ1I3DRcEuFx/osJ2BugqlqzwIZ5VggnZMxEUGyxmD5J54k4YCHZP33ir7QZvVVEkmVLbh8u32dl+vk87oPBD8o3gnBJKU5t/jLVfGtm+4yq/t
        CzG2hw6qB/s/XxXTbb0dafJ506kCAwEAAaNTMFEwHQYDVR0OBBYEFOYFhBFGR+TNlTz2JraTHwgRaFh9MB8GA1UdIwQYMBaAFOYFhBFGR+TNlTz2Jr
        aTHwgRaFh9MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggGBABu4cUTw7Ca0QnLapTNy0ifLnOg59K9SlPWcREO+AH6WjLJCJJrefZRt
        OTEyG4ZNEzS+qovgA4m8zujoMd/DmYegXltk3dhN6L5RYNQI1W3Q19kwrpiTT74voFdFCIszEjPCfAxfB4PNXi/a0j7lu0IgqV+u3DiMWWZJTWonRU
        sZ5REyjknQBi9MrWwlfd0e9n8dGfRLMhOC48TczeeTnFYKgzkkMEzNiTquMtAtzBQRzMjjfM6XvaiFvODIBSobFLi1aJwmO4pIowq22O9l2TOrF55u
        uiQSgFQiDi8rwEfxYeQhWiIvVzj6sOidQRL0PKw59ZzZx4Aw/Bp8Phz4wmy6BqJjrq3XMFii+rzXkeK2nZHMuPhI9C0N4v7S+K7dgpj+h79uq5SBMA
        dMW0NABbfR3BV2xhEn3wfC9/LPzMqo739L2W4yLxBNnp+leeszz+NQp1AenopN/mppoFeQ4cb/5pfhthIzPQGzx2N+evZV27JvxyEMGuh4bDZfY9BW
        qA==
        """)
    }
  }

  /// RSA-1024: a key too small.
  static var rsa1024Certificate: [UInt8] {
    get throws {
      try decode(
        """
        MIIB+jCCAWOgAwIBAgIUQ892fjhY63BEeDtOra6UbNv8t2YwDQYJKoZIhvcNAQELBQAwDjEMMAoGA1UEAwwDUlNBMCAXDTI2MTEyMTA5MzUzNl
        oYDzIxMjYxMDI4MDkzNTM2WjAOMQwwCgYDVQQDDANSU0EwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALXbtPgKC1IJV3YWfTVCFkQVTCtX
        T1AIhcWVaPwBbQX81hry6sSCHoGYb4isIHO3XhEGMDlll2xhpVuz1XdtM7hgJtd3RxK1BbJutyGQu6IZduW/LZjaqIftpi/PlQWHfO8OCOgSqy
        IJfKUUqoJWFU88DNyjhzhIdlyGGZp68U/lAgMBAAGjUzBRMB0GA1UdDgQWBBQtQElkA6Y+0NEICz/DtwUc1IUVWjAfBgNVHSMEGDAWgBQtQElk
        A6Y+0NEICz/DtwUc1IUVWjAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAF4Ku2Kldlndkpwhn/ZejPlvKol0oWhqvlVzF0usqm
        9WKI4nUt4lJADo3AG8cqfUzIs//3JsKL6b/gG9ok01oUBXTJy25WM9VJfWxFMSEsXo8OZIdoTVKMQ+EfY4jG9b2x6AGCBHIITIVeh5GgE0L2Uq
        TUs48Ykjj5Zoqfsn+PEe
        """)
    }
  }

  private struct NotBase64: Error {}

  private static func decode(_ text: String) throws -> [UInt8] {
    guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else { throw NotBase64() }
    return Array(data)
  }
}
