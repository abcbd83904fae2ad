<?php
/**
 * Work in the background.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Continues work after the response, or in another process of the site.
 */
final class Sitebridge_Background {

	/**
	 * Ends the response, if PHP can continue after it.
	 *
	 * @return bool Whether the response has ended.
	 */
	public static function finish_response() {
		if ( PHP_SESSION_ACTIVE === session_status() ) {
			// An open session would block the visitor's next request.
			session_write_close();
		}
		if ( function_exists( 'fastcgi_finish_request' ) ) {
			return fastcgi_finish_request();
		}

		return function_exists( 'litespeed_finish_request' ) && litespeed_finish_request();
	}

	/**
	 * Ends the response for a caller that needs no body. This also works if PHP cannot end a response early.
	 */
	public static function end_response() {
		if ( ! self::finish_response() ) {
			header( 'Content-Length: 0' );
			header( 'Connection: close' );
			while ( ob_get_level() > 0 && ob_end_clean() ) {
				continue;
			}
			flush();
		}
	}

	/**
	 * Starts an action in another process of this site, by a request of the site to itself. It does not use
	 * spawn_cron(), which does nothing for up to a minute after its last run.
	 *
	 * @param string $action The action of admin-ajax.php.
	 */
	public static function ask_itself( $action ) {
		$shorten = static function ( $handle ) {
			// WordPress waits a whole second even for a non-blocking request, and here an editor would wait
			// with it.
			// phpcs:disable WordPress.WP.AlternativeFunctions -- WordPress has no other way to set this.
			curl_setopt( $handle, CURLOPT_NOSIGNAL, 1 );
			curl_setopt( $handle, CURLOPT_TIMEOUT_MS, 500 );
			// phpcs:enable
		};
		add_action( 'http_api_curl', $shorten, 99 );
		wp_remote_post(
			admin_url( 'admin-ajax.php' ),
			array(
				'timeout'   => 0.01,
				'blocking'  => false,
				/** This filter is documented in wp-includes/class-wp-http-streams.php */
				'sslverify' => apply_filters( 'https_local_ssl_verify', false ), // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own filter.
				'body'      => compact( 'action' ),
			)
		);
		remove_action( 'http_api_curl', $shorten, 99 );
	}
}
