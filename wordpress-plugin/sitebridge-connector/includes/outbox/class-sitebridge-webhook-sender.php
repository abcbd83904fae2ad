<?php
/**
 * Sends one message.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Signs messages by Standard Webhooks, and passes them to the client.
 *
 * @link https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
final class Sitebridge_Webhook_Sender {

	/**
	 * Timeout of one call in seconds. Must be shorter than Sitebridge_Delivery_Lock::LEASE.
	 */
	const TIMEOUT = 10;

	/**
	 * Topics that older servers do not know.
	 */
	const NEW_TOPICS = array( 'terms', 'site' );

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Calls the server.
	 *
	 * @var Sitebridge_Server_Client
	 */
	private $client;

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings      $settings The stored connection.
	 * @param Sitebridge_Server_Client $client   Calls the server.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Server_Client $client ) {
		$this->settings = $settings;
		$this->client   = $client;
	}

	/**
	 * Sends one message.
	 *
	 * @param object $row The message's row.
	 * @return array See Sitebridge_Server_Client::post_webhook().
	 */
	public function send( $row ) {
		$stored    = $this->settings->all();
		$timestamp = (string) time();
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the specification requires it for the signature.
		$signature = base64_encode( hash_hmac( 'sha256', $row->webhook_id . '.' . $timestamp . '.' . $row->body, $stored['api_key'], true ) );

		return $this->client->post_webhook(
			$row->topic,
			$row->body,
			array(
				'X-Site-Id'         => (string) $stored['site_id'],
				'webhook-id'        => $row->webhook_id,
				'webhook-timestamp' => $timestamp,
				'webhook-signature' => 'v1,' . $signature,
			),
			self::TIMEOUT
		);
	}

	/**
	 * Whether an older server does not know the message's topic. A 404 that is no answer of a server, such as
	 * that of a proxy, says nothing about it.
	 *
	 * @param object $row    The row.
	 * @param array  $answer The response.
	 * @return bool
	 */
	public static function is_unknown_topic( $row, array $answer ) {
		return 404 === $answer['status'] && in_array( $row->topic, self::NEW_TOPICS, true ) && is_string( $answer['code'] ) && '' !== $answer['code'];
	}
}
